// Locks out guessers of passwords, by client and by login, so that neither many guesses from one
// address nor guesses at one login from many addresses get far.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "base/mutex.h"
#include "net/address.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

// A failure counts against the client (an IPv4 address, an IPv6 /64) and against the login, whether
// the login exists or not. Failures are forgotten at a steady pace; too many at once cause a
// lock, each twice as long as the previous one. While it lasts, no password is checked.
//
// A check counts as a failure from its beginning until it succeeds: checks that run at once
// cannot pass a limit together.
//
// A login that has succeeded from a client is known there, and while it is known, the pair is
// exempt from locks: a stranger's guesses never lock out the owner of a login, and one forgotten
// mail program with an old password does not lock out the office behind the same address. Too many
// failures of its own make it unknown again. Known pairs can be kept across restarts (known()).
//
// Any thread. Memory is bounded: each table keeps the most recently used entries.
class LoginGuard {
 public:
  struct Limits {
    double client_failures = 10;         // at once; one more is a lock
    double login_failures = 20;          // from clients where it is not known
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

  // Whether a check may be asked for. False: locked, answer as if nothing could be checked.
  bool may_try(const net::IpAddress& client, std::string_view login, SteadyTime now);

  struct Locked {
    std::chrono::seconds client{0};  // zero: not locked by this failure
    std::chrono::seconds login{0};
  };
  // A check that has begun.
  struct Try {
    bool known = false;
    bool last = false;           // of a known pair: one more failure makes it unknown
    Locked locked;               // what it locks unless it succeeds
    double client_failures = 0;  // before it
    double login_failures = 0;
  };

  // The check begins and counts. Nothing: locked meanwhile. Ends with failed(), or with take_back()
  // when the password was right.
  std::optional<Try> begin(const net::IpAddress& client, std::string_view login, SteadyTime now);
  // Returns what this failure locked, and for how long.
  Locked failed(const Try& begun, const net::IpAddress& client, std::string_view login);
  void take_back(const Try& begun, const net::IpAddress& client, std::string_view login,
                 SteadyTime now);

  void succeeded(const net::IpAddress& client, std::string_view login, SteadyTime now);

  // Whether strangers at this client are locked out of this login, known pairs excepted.
  bool locks_strangers(const net::IpAddress& client, std::string_view login, SteadyTime now);

  // Whether this login has succeeded from this client and is still known there.
  bool knows(const net::IpAddress& client, std::string_view login, SteadyTime now);
  // Whether the login that succeeded from this client most recently is still known there: a client
  // that deserves a place when places are scarce.
  bool knows(const net::IpAddress& client, SteadyTime now);

  // The client's failures that are not forgotten yet, the checks under way included.
  std::size_t failures(const net::IpAddress& client, SteadyTime now);

  // How many locks are in force.
  struct Locks {
    std::size_t clients = 0;
    std::size_t logins = 0;
  };
  Locks locks(SteadyTime now);

  // A known pair as it is kept across a restart.
  struct Known {
    std::string client;  // prefix
    std::string login;
    std::chrono::seconds left;  // for how long it stays known
    bool operator==(const Known&) const = default;
  };
  // All known pairs, the least recently used first. `unsaved()` is false from then on.
  std::vector<Known> known(SteadyTime now);
  // Whether a pair has become known or unknown since known(), or stays known for a day longer.
  bool unsaved();
  void set_unsaved();  // what known() returned was lost
  // Makes them known, for at most the usual time.
  void restore(const std::vector<Known>& pairs, SteadyTime now);

 private:
  struct Record {
    double failures = 0;
    SteadyTime counted;  // when `failures` was computed
    SteadyTime locked_until{};
    unsigned locks = 0;  // in a row
  };
  struct Pair {
    std::string client;
    std::string login;
    SteadyTime known_until{};
    SteadyTime saved_until{};  // as known() last returned it
    double failures = 0;       // as in Record
    SteadyTime counted{};
  };

  using Table = LruMap<std::string, Record, StringHash>;  // by name

  bool locked(const std::string& client, std::string_view login, SteadyTime now) REQUIRES(mutex_);
  double faded(double failures, SteadyTime counted, SteadyTime now) const;
  std::chrono::seconds count(Record& record, double most, SteadyTime now) const;
  static void uncount(Record* record, std::chrono::seconds lock, double before, SteadyTime now);
  void make_known(const std::string& client, std::string_view login, SteadyTime until)
      REQUIRES(mutex_);
  Pair* known_pair(const std::string& name, SteadyTime now) REQUIRES(mutex_);

  const Limits limits_;
  Mutex mutex_;
  Table clients_ GUARDED_BY(mutex_);
  Table logins_ GUARDED_BY(mutex_);
  // Only successes add to these two, so that strangers cannot push anyone out.
  LruMap<std::string, Pair, StringHash> pairs_ GUARDED_BY(mutex_);         // client and login
  LruMap<std::string, std::string, StringHash> homes_ GUARDED_BY(mutex_);  // client -> last pair
  bool unsaved_ GUARDED_BY(mutex_) = false;
};

}  // namespace signpost::auth
