#include "auth/authenticator.h"

#include <utility>

namespace signpost::auth {

struct Authenticator::Check {
  Attempt attempt;
  Decided decided;
  Answer answer;
  bool right = false;  // written on the thread pool, read when it is done
};

namespace {

const User* user_of(const Attempt& attempt) {
  return attempt.users ? attempt.users->find(attempt.login) : nullptr;
}

// PLAIN's authorization identity may repeat the login, nothing else (RFC 4616 section 2).
bool acts_for_another(const Attempt& attempt) {
  return !attempt.authorization_identity.empty() && attempt.authorization_identity != attempt.login;
}

// On the thread pool. The cache is asked again: a client that starts with fifty connections at once
// pays for the first few.
bool is_right(PasswordCache& passwords, const Clock& clock, const Attempt& attempt) {
  const User* user = user_of(attempt);
  const SteadyTime now = clock.steady_now();
  if (user && passwords.contains(attempt.login, user->password, attempt.password.view(), now))
    return true;
  if (!verify_password(user, attempt.password.view())) return false;
  passwords.insert(attempt.login, user->password, attempt.password.view(), now);
  return true;
}

}  // namespace

Authenticator::Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock,
                             const Shared& shared)
    : Authenticator(loop, timers, clock, shared, Options{}) {}

Authenticator::Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock,
                             const Shared& shared, const Options& options)
    : loop_(loop), timers_(timers), clock_(clock), shared_(shared), options_(options) {}

void Authenticator::check(Attempt attempt, Decided decided, Answer answer) {
  auto check = std::make_shared<Check>(std::move(attempt), std::move(decided), std::move(answer));
  const Attempt& asked = check->attempt;
  if (acts_for_another(asked)) return decide_later(std::move(check), Verdict::Rejected);
  if (!shared_.logins.may_try(asked.client, asked.login, clock_.steady_now())) {
    return decide_later(std::move(check), Verdict::Locked);
  }
  if (is_cached(asked)) return decide_later(std::move(check), Verdict::Accepted);
  if (shared_.checks.fetch_add(1) >= options_.max_checks) {
    shared_.checks.fetch_sub(1);
    return decide_later(std::move(check), Verdict::Unavailable);
  }
  hash_password(std::move(check));
}

bool Authenticator::knows(const net::IpAddress& client) const {
  return shared_.logins.knows(client, clock_.steady_now());
}

bool Authenticator::is_cached(const Attempt& attempt) const {
  const User* user = user_of(attempt);
  return user && shared_.passwords.contains(attempt.login, user->password, attempt.password.view(),
                                            clock_.steady_now());
}

void Authenticator::decide_later(std::shared_ptr<Check> check, Verdict verdict) {
  loop_.defer([this, check = std::move(check), verdict] { decide(check, verdict); });
}

void Authenticator::hash_password(std::shared_ptr<Check> check) {
  loop_.run_blocking(
      [check, &passwords = shared_.passwords, &clock = clock_] {
        check->right = is_right(passwords, clock, check->attempt);
      },
      [this, check] {
        shared_.checks.fetch_sub(1);
        decide(check, check->right ? Verdict::Accepted : Verdict::Rejected);
      });
}

void Authenticator::decide(const std::shared_ptr<Check>& check, Verdict verdict) {
  const Attempt& attempt = check->attempt;
  LoginGuard::Locked locked;
  if (verdict == Verdict::Accepted) {
    shared_.logins.succeeded(attempt.client, attempt.login, clock_.steady_now());
  } else if (verdict == Verdict::Rejected && !acts_for_another(attempt)) {
    locked = shared_.logins.failed(attempt.client, attempt.login, clock_.steady_now());
  }
  check->decided(attempt, verdict, locked);
  if (verdict == Verdict::Rejected || verdict == Verdict::Locked) {
    timers_.after(options_.rejection_delay, [check, verdict] { check->answer(verdict); });
  } else {
    check->answer(verdict);
  }
}

}  // namespace signpost::auth
