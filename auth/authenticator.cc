#include "auth/authenticator.h"

#include <utility>

namespace signpost::auth {

struct Authenticator::Check {
  Attempt attempt;  // without its password once that was passed on
  Decided decided;
  Answer answer;
  SteadyTime began;
};

namespace {

// PLAIN's authorization identity may repeat the login, nothing else (RFC 4616 section 2).
bool acts_for_another(const Attempt& attempt) {
  return !attempt.authorization_identity.empty() && attempt.authorization_identity != attempt.login;
}

}  // namespace

std::chrono::milliseconds time_to_rejection(SteadyTime::duration taken,
                                            std::chrono::milliseconds step) {
  return step - std::chrono::floor<std::chrono::milliseconds>(taken) % step;
}

Authenticator::Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock,
                             PasswordChecks& checks)
    : Authenticator(loop, timers, clock, checks, Options{}) {}

Authenticator::Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock,
                             PasswordChecks& checks, const Options& options)
    : loop_(loop), timers_(timers), clock_(clock), checks_(checks), options_(options) {}

void Authenticator::check(Attempt attempt, Decided decided, Answer answer) {
  auto check = std::make_shared<Check>(std::move(attempt), std::move(decided), std::move(answer),
                                       clock_.steady_now());
  std::optional<PasswordChecks::Answer> found;
  Attempt& asked = check->attempt;
  if (acts_for_another(asked)) {
    found = {Verdict::Rejected, {}};
  } else {
    found = checks_.ask({asked.client, asked.users, asked.login, std::move(asked.password)},
                        [this, check](PasswordChecks::Answer answered) {
                          loop_.post([this, check, answered] { decide(check, answered); });
                        });
  }
  if (found) loop_.defer([this, check, found] { decide(check, *found); });
}

void Authenticator::decide(const std::shared_ptr<Check>& check,
                           const PasswordChecks::Answer& found) {
  const Verdict verdict = found.verdict;
  check->decided(check->attempt, verdict, found.locked);
  if (verdict != Verdict::Rejected && verdict != Verdict::Locked) return check->answer(verdict);
  const Verdict heard = found.sounds_locked ? Verdict::Locked : verdict;
  timers_.after(time_to_rejection(clock_.steady_now() - check->began, options_.rejection_time),
                [check, heard] { check->answer(heard); });
}

}  // namespace signpost::auth
