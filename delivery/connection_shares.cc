#include "delivery/connection_shares.h"

#include "base/check.h"
#include "queue/lane.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace signpost::delivery {

ConnectionShares::Account& ConnectionShares::account_named(const std::string& name) {
  Account& account = accounts_[name];
  if (account.holder == nullptr) {
    account.holder = &holders_[std::string(queue::holder_of(name))];
    ++account.holder->accounts;
  }
  return account;
}

ConnectionShares::Accounts::iterator ConnectionShares::forget(Accounts::iterator account) {
  if (--account->second.holder->accounts == 0) {
    holders_.erase(holders_.find(queue::holder_of(account->first)));
  }
  return accounts_.erase(account);
}

bool ConnectionShares::may_open(const Account& account) const {
  const auto below_share = [this](std::size_t open, std::size_t sharers) {
    return open < std::max<std::size_t>(1, limit_ / (sharers + 1));
  };
  if (open_ >= limit_) return false;
  if (open_ < limit_ - limit_ / 4) return true;
  if (!below_share(account.open, accounts_.size())) return false;
  return open_ < limit_ - limit_ / 8 || below_share(account.holder->open, holders_.size());
}

void ConnectionShares::count_open(Account& account) {
  ++account.open;
  ++account.holder->open;
  ++open_;
}

bool ConnectionShares::open(const Connection& connection) {
  Account& account = account_named(connection.account);
  if (account.waiting.empty() && may_open(account)) {
    count_open(account);
    return true;
  }
  account.waiting.push_back(connection);
  ++waiting_;
  return false;
}

bool ConnectionShares::open_beside(const std::string& name) {
  const auto account = accounts_.find(name);
  if (account == accounts_.end() || waiting_ > 0 || !may_open(account->second)) return false;
  count_open(account->second);
  return true;
}

void ConnectionShares::ended(const std::string& name) {
  const auto account = accounts_.find(name);
  CHECK(account != accounts_.end() && account->second.open > 0 && open_ > 0);
  --account->second.open;
  --account->second.holder->open;
  --open_;
  if (account->second.open == 0 && account->second.waiting.empty()) forget(account);
}

std::optional<ConnectionShares::Connection> ConnectionShares::next() {
  if (waiting_ == 0 || open_ >= limit_) return {};
  const auto order = [](const Account& account) {
    return std::pair(account.holder->open, account.open);
  };
  auto chosen = accounts_.end();
  for (auto each = accounts_.begin(); each != accounts_.end(); ++each) {
    if (each->second.waiting.empty() || !may_open(each->second)) continue;
    if (chosen == accounts_.end() || order(each->second) < order(chosen->second)) chosen = each;
  }
  if (chosen == accounts_.end()) return {};
  Account& account = chosen->second;
  Connection connection = std::move(account.waiting.front());
  account.waiting.pop_front();
  --waiting_;
  count_open(account);
  return connection;
}

void ConnectionShares::clear_waiting() {
  for (auto account = accounts_.begin(); account != accounts_.end();) {
    account->second.waiting.clear();
    account = account->second.open == 0 ? forget(account) : std::next(account);
  }
  waiting_ = 0;
}

}  // namespace signpost::delivery
