// Checks passwords without holding up the event loop.
#pragma once

#include "auth/login_guard.h"
#include "auth/password_cache.h"
#include "auth/users.h"
#include "base/clock.h"
#include "base/secret_string.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/timers.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace signpost::auth {

// One try of one client.
struct Attempt {
  net::IpAddress client;
  std::shared_ptr<const Users> users;  // null: there are none
  std::string mechanism;               // "PLAIN" or "LOGIN"
  std::string authorization_identity;  // PLAIN's; empty when not given
  std::string login;
  SecretString password;
};

enum class Verdict {
  Accepted,
  Rejected,
  Locked,       // after too many failures: the password was not checked
  Unavailable,  // too many checks are waiting: the password was not checked
};

// One per worker, the loop's thread only. A password that was right a short while ago is accepted
// from the cache; others are hashed on the thread pool. After many rejections the verdict is Locked
// (auth/login_guard.h); while too many checks are waiting it is Unavailable.
class Authenticator {
 public:
  // The answer to a client whose password was rejected, or that is locked out, comes late so that
  // guessing is slow.
  struct Options {
    int max_checks = 64;  // each takes some 50 ms of one core and 64 MiB for as long
    std::chrono::milliseconds rejection_delay{1000};
  };
  // What all workers share; any thread.
  struct Shared {
    PasswordCache& passwords;
    LoginGuard& logins;
    std::atomic<int>& checks;  // waiting or running on the thread pool
  };
  // `locked`: what this failure has locked.
  using Decided =
      std::move_only_function<void(const Attempt&, Verdict, const LoginGuard::Locked& locked)>;
  using Answer = std::move_only_function<void(Verdict)>;

  // All references must outlive it; it must outlive the turns of `loop`.
  Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock, const Shared& shared);
  Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock, const Shared& shared,
                const Options& options);
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // `decided` runs as soon as the verdict is known, for logs and metrics, whether or not the client
  // is still there; `answer` when the client may hear it. Each runs once unless the loop stops
  // before, neither from within the call, `decided` first.
  void check(Attempt attempt, Decided decided, Answer answer);

  // Whether a login has succeeded from this client lately (LoginGuard::knows).
  bool knows(const net::IpAddress& client) const;

 private:
  struct Check;

  void decide_later(std::shared_ptr<Check> check, Verdict verdict);
  void hash_password(std::shared_ptr<Check> check);
  void decide(const std::shared_ptr<Check>& check, Verdict verdict);
  bool is_cached(const Attempt& attempt) const;

  net::Loop& loop_;
  net::Timers& timers_;
  const Clock& clock_;
  const Shared shared_;
  const Options options_;
};

}  // namespace signpost::auth
