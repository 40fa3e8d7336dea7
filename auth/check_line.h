// Whose password is checked next, when more checks are requested than can be hashed at once.
#pragma once

#include "auth/login_guard.h"
#include "auth/password_cache.h"
#include "auth/users.h"
#include "base/clock.h"
#include "base/secret_string.h"
#include "net/address.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace signpost::auth {

enum class Verdict {
  Accepted,
  Rejected,
  Locked,       // after too many failures: the password was not checked
  Unavailable,  // too many checks are waiting: the password was not checked
};

// One client that waits for a verdict.
struct Asker {
  struct Answer {
    Verdict verdict;
    LoginGuard::Locked locked;  // what this failure has locked
    // Rejected, but the client must be told that it is locked out, as for every other login:
    // another answer would reveal that this one is known there.
    bool sounds_locked = false;
  };
  net::IpAddress client;
  bool known = false;        // the login has succeeded from there before
  std::size_t failures = 0;  // of the client, recently
  std::move_only_function<void(Answer)> answer;
};

// One hash, and all who wait for it: askers of the same question while it is open get the same
// answer.
struct PasswordCheck {
  PasswordCache::Key key;
  std::shared_ptr<const Users> users;  // null: there are none
  std::string login;
  SecretString password;
  std::vector<Asker> askers;
};

// Pure; one thread at a time.
//
// Known pairs of client and login go first and have places of their own. Clients take turns,
// however much one of them asks, and each recent failure puts a client a turn back; a client that
// has nothing in a full line takes the last place of the client with most in it. So a flood of
// guesses delays a correct password by no more than a few turns.
class CheckLine {
 public:
  struct Limits {
    std::size_t waiting = 256;
    std::size_t kept = 64;               // of them, for known pairs
    std::size_t waiting_per_client = 8;  // an IPv4 address, an IPv6 /64
    std::size_t running_per_client = 2;
    std::chrono::seconds patience{30};  // then a client no longer waits for the answer
  };

  explicit CheckLine(const Limits& limits) : limits_(limits) {}

  // True when an equal check is open: `asker` has joined it. Otherwise nothing is moved.
  bool join(const PasswordCache::Key& key, Asker& asker);

  // The askers without a place, to be answered so: of `check` itself when there is none for it, or
  // of the one that it displaced. REQUIRES: one asker
  std::vector<Asker> add(PasswordCheck check, SteadyTime now);

  // The next one, which runs from now until end(); null when none may. Those who have waited for
  // too long go to `given_up`. The pointer holds until end().
  PasswordCheck* next(SteadyTime now, std::vector<Asker>& given_up);
  // It has run: returns those who wait for the answer.
  std::vector<Asker> end(const PasswordCheck& check);

  std::size_t waiting() const;  // checks that have not begun

 private:
  struct Place {
    PasswordCheck check;
    std::string client;  // whose turn it uses: the first asker's
    bool known = false;
    bool running = false;
    std::size_t turn = 0;
    SteadyTime since{};
  };
  using Places = std::vector<std::unique_ptr<Place>>;  // in the order of arrival

  std::size_t waiting_of(const std::string& client) const;
  std::size_t turn_of(const std::string& client) const;
  Places::iterator last_of_the_longest();
  std::vector<Asker> take(Places::iterator place);

  const Limits limits_;
  Places places_;         // a few hundred at most: searched linearly
  std::size_t turn_ = 0;  // of the check that began last
};

}  // namespace signpost::auth
