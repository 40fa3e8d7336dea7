// Judges logins without holding up the event loop: by password, by a proof that a mechanism has
// verified itself, or by a token that the issuer has signed.
#pragma once

#include "auth/check_line.h"
#include "auth/dovecot_socket.h"
#include "auth/fetched_keys.h"
#include "auth/login_guard.h"
#include "auth/password_checks.h"
#include "auth/scram_exchange.h"
#include "auth/token_rules.h"
#include "auth/users.h"
#include "base/clock.h"
#include "base/secret_string.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/timers.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

// One login attempt of one client.
struct Attempt {
  net::IpAddress client;
  std::shared_ptr<const Users> users;  // null: there are none
  std::string mechanism;               // "PLAIN", "LOGIN", "SCRAM-SHA-256", ...
  std::string authorization_identity;  // empty when not given
  std::string login;
  SecretString password;
  std::optional<bool> proof{};   // what a mechanism without a password found
  bool may_be_guess = true;      // false: as SaslExchange::Claim has it
  std::string dovecot_socket{};  // "": none, else it is asked for logins that are not in `users`
  // With rules, `token` is what proves the login, which it names itself.
  std::shared_ptr<const TokenRules> token_rules{};
  SecretString token{};
  std::string fault{};  // why it was rejected, for the log; "" where that is plain
};

// How much longer a client waits for a rejection when the check took `taken`: to the next whole
// multiple of `step`.
std::chrono::milliseconds time_to_rejection(SteadyTime::duration taken,
                                            std::chrono::milliseconds step);

// The `step` of rejections where the costliest check takes `longest`: a multiple of `usual` that it
// does not reach, even when it takes half as long again.
std::chrono::milliseconds rejection_step(std::chrono::milliseconds usual,
                                         SteadyTime::duration longest);

// One per worker, the loop's thread only: brings the results of PasswordChecks back to the loop,
// and chooses the moment of the answer.
class Authenticator {
 public:
  // A client whose password was rejected, or that is locked out, is answered at a whole multiple of
  // rejection_step() after it asked: guessing is slow, and how long the check took, which depends
  // on whether the login exists and how its password is stored, does not show.
  struct Options {
    std::chrono::milliseconds rejection_time{1000};
    std::string salt_secret{};  // of the salts that SCRAM shows for logins that do not exist
    // For rules without keys of their own; null: there are none. Must outlive it, and be stopped
    // before `loop` is destroyed.
    FetchedKeys* fetched_keys = nullptr;
    DovecotReport* dovecot_report = nullptr;  // null: nobody is told; must outlive it
  };
  using Decided =
      std::move_only_function<void(const Attempt&, Verdict, const LoginGuard::Locked& locked)>;
  // `login`: its name, which another server may write differently.
  using Answer = std::move_only_function<void(Verdict, const std::string& login)>;

  // All references must outlive it; it must outlive the turns of `loop`, and `checks` must be
  // stopped before `loop` is destroyed.
  Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock, PasswordChecks& checks);
  Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock, PasswordChecks& checks,
                const Options& options);
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // `decided` runs as soon as the verdict is known, for logs and metrics, whether or not the client
  // is still there, without the password; `answer` when the client may be answered, with what it
  // may know. Each runs once unless the loop stops before, neither from within the call, `decided`
  // first.
  void check(Attempt attempt, Decided decided, Answer answer);

  // Begins an exchange of a mechanism that is not PLAIN or LOGIN; its Claim is to be checked as an
  // Attempt with that proof, its Bearer as one with that token. REQUIRES: the mechanism was offered
  struct Terms {
    std::shared_ptr<const Users> users;
    net::ChannelBinding binding{};
    bool plus_offered = false;
    std::shared_ptr<const TokenRules> token_rules{};
    std::vector<std::string> certificate_names{};  // of the client's verified certificate
  };
  std::unique_ptr<SaslExchange> begin(std::string_view mechanism, Terms terms) const;

  // Whether a login has succeeded from this client recently (LoginGuard::knows).
  bool knows(const net::IpAddress& client) const { return checks_.knows(client); }

 private:
  struct Check;

  void judge_proof(const std::shared_ptr<Check>& check);
  void judge_token(const std::shared_ptr<Check>& check);
  bool wait_for_keys(const std::shared_ptr<Check>& check);
  void ask_dovecot(const std::shared_ptr<Check>& check);
  void decide(const std::shared_ptr<Check>& check, const PasswordChecks::Answer& found);

  net::Loop& loop_;
  net::Timers& timers_;
  const Clock& clock_;
  PasswordChecks& checks_;
  const Options options_;
  DovecotSocket dovecot_;
};

}  // namespace signpost::auth
