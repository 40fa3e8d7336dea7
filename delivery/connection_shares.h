// Which account's connection is opened next while there are fewer than are wanted.
#pragma once

#include "delivery/orders.h"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace signpost::delivery {

// One worker's. Pure. The last quarter of the connections is kept for accounts that have less than
// their share, which is that of one account more than there are: one account that asks for all of
// them, however many receivers its mail is for, leaves room for whoever comes next.
class ConnectionShares {
 public:
  explicit ConnectionShares(std::size_t limit) : limit_(limit) {}

  struct Connection {
    SitePtr site;
    std::string account;
  };
  // False: `connection` waits until next() gives it back.
  bool open(const Connection& connection);
  void ended(const std::string& account);
  // The connection to be opened now, of the account that has the fewest; it counts as open.
  std::optional<Connection> next();

  bool any_waiting() const { return waiting_ > 0; }
  void clear_waiting();

 private:
  struct Account {
    std::size_t open = 0;
    std::deque<SitePtr> waiting;
  };

  bool may_open(const Account& account) const;
  void count_open(Account& account);

  const std::size_t limit_;
  std::size_t open_ = 0;
  std::size_t waiting_ = 0;
  std::map<std::string, Account> accounts_;  // with connections, open or waiting
};

}  // namespace signpost::delivery
