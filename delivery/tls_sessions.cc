#include "delivery/tls_sessions.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace signpost::delivery {

template <typename Goes>
void TlsSessions::forget_servers(Goes goes) {
  std::vector<Server> gone;
  kept_.visit([&](const Server& server, std::deque<Kept>& kept) {
    if (goes(kept)) gone.push_back(server);
  });
  for (const Server& server : gone) (void)kept_.erase(server);
}

void TlsSessions::follow(const Rules& rules) {
  if (rules == rules_) return;
  rules_ = rules;
  forget_servers([](const std::deque<Kept>&) { return true; });
}

void TlsSessions::sweep(SteadyTime now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweeping;
  forget_servers([now](std::deque<Kept>& kept) {
    std::erase_if(kept, [now](const Kept& each) { return now >= each.until; });
    return kept.empty();
  });
}

void TlsSessions::keep(const Rules& rules, const Server& server, net::TlsTicket ticket,
                       SteadyTime now) {
  if (rules != rules_) return;
  sweep(now);
  const SteadyTime until = now + std::min<std::chrono::seconds>(ticket.lifetime(), kKept);
  std::deque<Kept>& kept = kept_.at(server);
  kept.push_back({std::move(ticket), until});
  if (kept.size() > kMostOfServer) kept.pop_front();
}

std::optional<net::TlsTicket> TlsSessions::take(const Rules& rules, const Server& server,
                                                SteadyTime now) {
  follow(rules);
  std::deque<Kept>* const kept = kept_.find(server);
  if (kept == nullptr) return std::nullopt;
  std::erase_if(*kept, [now](const Kept& each) { return now >= each.until; });
  std::optional<net::TlsTicket> latest;
  if (!kept->empty()) latest = kept->back().ticket;
  if (latest && latest->is_single_use()) kept->pop_back();
  if (kept->empty()) (void)kept_.erase(server);
  return latest;
}

void TlsSessions::forget(const Server& server) { (void)kept_.erase(server); }

}  // namespace signpost::delivery
