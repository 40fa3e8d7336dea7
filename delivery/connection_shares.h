// Which account's connection is opened next while there are too few for all.
#pragma once

#include "delivery/orders.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace signpost::delivery {

// Belongs to one worker. Pure. The last quarter of the connections is kept for accounts that have
// less than their share, computed for one account more than there are: one account that wants all
// of them, however many receivers its mail is for, leaves room for the next one. The last half
// of that quarter is kept in the same way for the holders of the accounts (a login, or a
// client without one: queue::holder_of), since a client may use any number of sender domains.
class ConnectionShares {
 public:
  explicit ConnectionShares(std::size_t limit) : limit_(limit) {}

  struct Connection {
    SitePtr site;
    std::size_t exit = 0;  // of the site
    std::string account;
  };
  // False: `connection` waits until next() gives it back.
  bool open(const Connection& connection);
  // Without waiting: false if `account` may not have another, or others wait.
  bool open_beside(const std::string& account);
  void ended(const std::string& account);
  // The connection to be opened now, of the holder that has the fewest, and of its account that has
  // the fewest; it counts as open.
  std::optional<Connection> next();

  bool any_waiting() const { return waiting_ > 0; }
  void clear_waiting();

 private:
  struct Holder {
    std::size_t open = 0;
    std::size_t accounts = 0;
  };
  struct Account {
    Holder* holder = nullptr;
    std::size_t open = 0;
    std::deque<Connection> waiting;
  };
  using Accounts = std::map<std::string, Account>;

  Account& account_named(const std::string& name);
  bool may_open(const Account& account) const;
  void count_open(Account& account);
  Accounts::iterator forget(Accounts::iterator account);

  const std::size_t limit_;
  std::size_t open_ = 0;
  std::size_t waiting_ = 0;
  Accounts accounts_;  // with connections, open or waiting
  std::map<std::string, Holder, std::less<>> holders_;
};

}  // namespace signpost::delivery
