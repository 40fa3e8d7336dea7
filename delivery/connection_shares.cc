#include "delivery/connection_shares.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

bool ConnectionShares::may_open(const Account& account) const {
  if (open_ >= limit_) return false;
  if (open_ < limit_ - limit_ / 4) return true;
  return account.open < std::max<std::size_t>(1, limit_ / (accounts_.size() + 1));
}

void ConnectionShares::count_open(Account& account) {
  ++account.open;
  ++open_;
}

bool ConnectionShares::open(const Connection& connection) {
  Account& account = accounts_[connection.account];
  if (account.waiting.empty() && may_open(account)) {
    count_open(account);
    return true;
  }
  account.waiting.push_back(connection.site);
  ++waiting_;
  return false;
}

void ConnectionShares::ended(const std::string& name) {
  const auto account = accounts_.find(name);
  CHECK(account != accounts_.end() && account->second.open > 0 && open_ > 0);
  --account->second.open;
  --open_;
  if (account->second.open == 0 && account->second.waiting.empty()) accounts_.erase(account);
}

std::optional<ConnectionShares::Connection> ConnectionShares::next() {
  if (waiting_ == 0 || open_ >= limit_) return {};
  auto chosen = accounts_.end();
  for (auto each = accounts_.begin(); each != accounts_.end(); ++each) {
    if (each->second.waiting.empty()) continue;
    if (chosen == accounts_.end() || each->second.open < chosen->second.open) chosen = each;
  }
  CHECK(chosen != accounts_.end());
  Account& account = chosen->second;
  if (!may_open(account)) return {};
  Connection connection{std::move(account.waiting.front()), chosen->first};
  account.waiting.pop_front();
  --waiting_;
  count_open(account);
  return connection;
}

void ConnectionShares::clear_waiting() {
  for (auto& [name, account] : accounts_) account.waiting.clear();
  std::erase_if(accounts_, [](const auto& each) { return each.second.open == 0; });
  waiting_ = 0;
}

}  // namespace signpost::delivery
