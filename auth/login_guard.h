// Locks out guessers of passwords, by client and by login, so that neither many guesses from one
// address nor guesses at one login from many addresses get far.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "base/mutex.h"
#include "net/address.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::auth {

// A failure counts against the client (an IPv4 address, an IPv6 /64) and against the login, whether
// there is such a login or not. Failures are forgotten at a steady pace; too many at once cause a
// lock, each one twice as long as the one before. While it lasts, no password is checked.
//
// A login that has succeeded from a client is known there, and as long as it is known, the pair is
// exempt from locks: a stranger's guesses never lock out the owner of a login, and one forgotten
// mail program with an old password does not lock out the office behind the same address. Too many
// failures of its own make it unknown again.
//
// Any thread. Memory is bounded: each table keeps the most recently used entries.
class LoginGuard {
 public:
  struct Limits {
    double client_failures = 10;         // at once; one more is a lock
    double login_failures = 20;          // from clients that it is not known at
    std::chrono::seconds forgotten{60};  // a failure
    std::chrono::seconds first_lock{60};
    std::chrono::seconds longest_lock{3600};
    std::chrono::hours known{24 * 30};  // since the last success
    std::size_t entries = 20'000;       // of each table
  };

  LoginGuard() : LoginGuard(Limits{}) {}
  explicit LoginGuard(const Limits& limits)
      : limits_(limits),
        clients_(limits.entries),
        logins_(limits.entries),
        pairs_(limits.entries),
        homes_(limits.entries) {}

  // Before the password is checked. False: locked, answer as if nothing could be checked.
  bool may_try(const net::IpAddress& client, std::string_view login, SteadyTime now);
  void succeeded(const net::IpAddress& client, std::string_view login, SteadyTime now);

  // Whether the login that succeeded from this client most recently is still known there: a client
  // that deserves a place when places are short.
  bool knows(const net::IpAddress& client, SteadyTime now);

  struct Locked {
    std::chrono::seconds client{0};  // zero: not locked by this failure
    std::chrono::seconds login{0};
  };
  // Returns what this failure locked, and for how long.
  Locked failed(const net::IpAddress& client, std::string_view login, SteadyTime now);

 private:
  struct Record {
    double failures = 0;
    SteadyTime counted;  // when `failures` was right
    SteadyTime locked_until{};
    unsigned locks = 0;        // in a row
    SteadyTime known_until{};  // of a pair
  };

  using Table = LruMap<std::string, Record, StringHash>;  // by name

  std::chrono::seconds count(Record& record, double most, SteadyTime now) const;
  bool is_known(const std::string& pair, SteadyTime now) REQUIRES(mutex_);

  const Limits limits_;
  Mutex mutex_;
  Table clients_ GUARDED_BY(mutex_);
  Table logins_ GUARDED_BY(mutex_);
  // Only successes add to these two, so that strangers cannot push anyone out.
  Table pairs_ GUARDED_BY(mutex_);                                         // client and login
  LruMap<std::string, std::string, StringHash> homes_ GUARDED_BY(mutex_);  // client -> last pair
};

}  // namespace signpost::auth
