// Checks passwords on threads of its own, so that no other work is delayed by a flood of guesses.
#pragma once

#include "auth/check_line.h"
#include "auth/login_guard.h"
#include "auth/password_cache.h"
#include "auth/users.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/secret_string.h"
#include "net/address.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace signpost::auth {

// Shared by all workers; any thread. A password that was correct a short while ago is accepted from
// the cache, others are hashed, in the order of CheckLine. LoginGuard is asked before a check gets
// a place and again when it begins, and counts it from then on.
class PasswordChecks {
 public:
  struct Question {
    net::IpAddress client;
    std::shared_ptr<const Users> users;  // null: there are none
    std::string login;
    SecretString password;
  };
  using Answer = Asker::Answer;
  using Done = std::move_only_function<void(Answer)>;

  // Both must outlive it.
  PasswordChecks(const Clock& clock, LoginGuard& logins, const CheckLine::Limits& limits = {});
  ~PasswordChecks() { stop(); }
  PasswordChecks(const PasswordChecks&) = delete;
  PasswordChecks& operator=(const PasswordChecks&) = delete;

  // The answer, when it is known without a hash. Otherwise `done` will have it, on another thread
  // (it should post to a loop) or, with Unavailable, also on this one; it never runs after stop().
  std::optional<Answer> ask(Question question, Done done);

  // For a login that is verified elsewhere, by its mechanism or by another server: the same guard
  // counts it, from begin_elsewhere() on; nothing: it is locked, and its verification does not
  // matter. `right`: the finding; nothing if there was none.
  std::optional<LoginGuard::Try> begin_elsewhere(const net::IpAddress& client,
                                                 const std::string& login);
  Answer end_elsewhere(const LoginGuard::Try& begun, const net::IpAddress& client,
                       const std::string& login, std::optional<bool> right);

  // A login was proven by what cannot be guessed: it is known there from now on.
  void succeeded(const net::IpAddress& client, const std::string& login);

  // Whether a login has succeeded from this client recently (LoginGuard::knows).
  bool knows(const net::IpAddress& client) const;
  bool knows(const net::IpAddress& client, const std::string& login) const;

  std::size_t waiting() const;  // checks that have not begun
  // How long the costliest hash of a users file takes, of the users whose wrong password was
  // checked last; 0 before there was one.
  SteadyTime::duration longest_check() const;

  // Threads of low priority: mail comes before guesses. At least one. Each takes up to 64 MiB while
  // it hashes.
  void start(unsigned threads);
  // Waits for the checks under way; those that wait are dropped without an answer.
  void stop();

  // One step of the threads; false when no check may run. For tests.
  bool run_next();

 private:
  void work();
  enum class Wait { No, Yes };
  bool check_next(Wait wait);
  PasswordCheck* next(Wait wait);
  std::optional<LoginGuard::Try> begin(PasswordCheck& check);
  void measure(const PasswordCheck& check);
  void settle(const PasswordCheck& check, bool right, const LoginGuard::Try& begun);

  const Clock& clock_;
  LoginGuard& logins_;
  PasswordCache passwords_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  CheckLine line_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::optional<std::shared_ptr<const Users>> measured_ GUARDED_BY(mutex_);
  SteadyTime::duration longest_ GUARDED_BY(mutex_){};
  std::vector<std::thread> threads_;  // used by the thread that starts and stops
};

}  // namespace signpost::auth
