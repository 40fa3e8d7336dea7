// Locks out who guesses passwords: by client and by login, so that neither many guesses from one
// address nor one login guessed from many addresses get far.
#pragma once

#include "base/clock.h"
#include "net/address.h"

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace signpost::auth {

// A failure counts against the client (an IPv4 address, an IPv6 /64) and against the login, whether
// there is such a login or not. Failures are forgotten at a steady pace; too many at once are a
// lock, each next one twice as long. While it lasts, no password is looked at.
//
// A login that has succeeded from a client is known there, and for as long as it is, locks do not
// concern the two: a stranger's guesses never lock out the owner of a login, and one forgotten
// mail program with an old password does not lock out the office behind the same address. Too many
// failures of its own make it unknown again.
//
// Any thread. Memory is bounded: each table keeps what was touched last.
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

  LoginGuard() = default;
  explicit LoginGuard(const Limits& limits) : limits_(limits) {}

  // Before the password is looked at. False: locked, answer as if nothing could be checked.
  bool may_try(const net::IpAddress& client, std::string_view login, SteadyTime now);
  void succeeded(const net::IpAddress& client, std::string_view login, SteadyTime now);

  struct Locked {
    std::chrono::seconds client{0};  // zero: not, or it was already
    std::chrono::seconds login{0};
  };
  // What was locked by this failure.
  Locked failed(const net::IpAddress& client, std::string_view login, SteadyTime now);

 private:
  struct Record {
    double failures = 0;
    SteadyTime counted;  // when `failures` was right
    SteadyTime locked_until{};
    unsigned locks = 0;        // in a row
    SteadyTime known_until{};  // of a pair
  };

  // Records by name, at most `limits.entries`: the one not used for the longest time makes room.
  class Table {
   public:
    Record* find(const std::string& name);  // null when there is none
    Record& at(const std::string& name, std::size_t entries);

   private:
    using Entry = std::pair<std::string, Record>;
    std::list<Entry> by_use_;  // the last one used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_name_;
  };

  std::chrono::seconds count(Record& record, double most, SteadyTime now) const;
  bool is_known(const std::string& pair, SteadyTime now);

  const Limits limits_{};
  std::mutex mutex_;  // guards what follows
  Table clients_;
  Table logins_;
  Table pairs_;  // client and login
};

}  // namespace signpost::auth
