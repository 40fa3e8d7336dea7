#include "dns/server_order.h"

namespace signpost::dns {

std::vector<std::size_t> ServerOrder::for_next_question(SteadyTime now) {
  std::vector<std::size_t> order;
  std::vector<std::size_t> last;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    std::optional<SteadyTime>& probe = servers_[i].next_probe;
    if (probe && now < *probe) {
      last.push_back(i);
      continue;
    }
    if (probe) probe = now + kProbeInterval;
    order.push_back(i);
  }
  order.insert(order.end(), last.begin(), last.end());
  return order;
}

void ServerOrder::answered(std::size_t server, SteadyTime now) {
  servers_[server].last_answer = now;
  servers_[server].next_probe.reset();
}

void ServerOrder::silent(std::size_t server, SteadyTime asked, SteadyTime now) {
  if (servers_[server].last_answer > asked) return;
  servers_[server].next_probe = now + kProbeInterval;
}

}  // namespace signpost::dns
