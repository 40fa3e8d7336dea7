#include "auth/authenticator.h"

#include "auth/bearer_exchange.h"
#include "auth/external_exchange.h"
#include "base/base64.h"
#include "base/random.h"
#include "smtp/saslprep.h"

#include <fmt/format.h>

#include <expected>
#include <utility>

namespace signpost::auth {

struct Authenticator::Check {
  Attempt attempt;  // without its password once that was passed on
  Decided decided;
  Answer answer;
  SteadyTime began;
  bool has_waited = false;  // for the issuer's keys
};

namespace {

// The authorization identity may repeat the login, nothing else (RFC 4616 section 2).
bool acts_for_another(const Attempt& attempt) {
  return !attempt.authorization_identity.empty() && attempt.authorization_identity != attempt.login;
}

Users::Alike listed(const Attempt& attempt, std::string_view login) {
  return attempt.users ? attempt.users->find_alike(login) : Users::Alike{};
}

// The login that a token proves, and whether it may be used here: one that is listed is that one,
// in whatever case the issuer writes it.
void judge_login(Attempt& attempt, const std::string& proven) {
  const Users::Alike alike = listed(attempt, proven);
  const bool is_asked_for = attempt.authorization_identity.empty() ||
                            attempt.authorization_identity == proven ||
                            (alike.user && attempt.authorization_identity == alike.user->name);
  attempt.login = alike.user ? alike.user->name : proven;
  attempt.proof = alike.user || (attempt.token_rules->unlisted && !alike.several);
  if (!*attempt.proof) attempt.fault = "the token's login is not in users.toml";
  if (is_asked_for) return;
  attempt.proof = false;
  attempt.fault = "the token is of another login than the client asks for";
}

bool belongs_to_dovecot(const Attempt& attempt) {
  return !attempt.dovecot_socket.empty() &&
         (!attempt.users || attempt.users->find(attempt.login) == nullptr);
}

}  // namespace

std::chrono::milliseconds time_to_rejection(SteadyTime::duration taken,
                                            std::chrono::milliseconds step) {
  return step - std::chrono::floor<std::chrono::milliseconds>(taken) % step;
}

std::chrono::milliseconds rejection_step(std::chrono::milliseconds usual,
                                         SteadyTime::duration longest) {
  const auto most = std::chrono::floor<std::chrono::milliseconds>(longest + longest / 2);
  return usual * (1 + most / usual);
}

Authenticator::Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock,
                             PasswordChecks& checks)
    : Authenticator(loop, timers, clock, checks, Options{}) {}

Authenticator::Authenticator(net::Loop& loop, net::Timers& timers, const Clock& clock,
                             PasswordChecks& checks, const Options& options)
    : loop_(loop),
      timers_(timers),
      clock_(clock),
      checks_(checks),
      options_(options),
      dovecot_(loop, timers, options.dovecot_report) {}

void Authenticator::check(Attempt attempt, Decided decided, Answer answer) {
  auto check = std::make_shared<Check>(std::move(attempt), std::move(decided), std::move(answer),
                                       clock_.steady_now());
  Attempt& asked = check->attempt;
  if (asked.token_rules) return judge_token(check);
  if (acts_for_another(asked)) {
    return loop_.defer([this, check] { decide(check, {Verdict::Rejected, {}}); });
  }
  if (asked.proof) return judge_proof(check);
  if (belongs_to_dovecot(asked)) return ask_dovecot(check);
  const auto found =
      checks_.ask({asked.client, asked.users, asked.login, std::move(asked.password)},
                  [this, check](PasswordChecks::Answer answered) {
                    loop_.post([this, check, answered] { decide(check, answered); });
                  });
  if (found) loop_.defer([this, check, found] { decide(check, *found); });
}

// What cannot be guessed needs no guard, which would only let strangers lock its owner out.
void Authenticator::judge_proof(const std::shared_ptr<Check>& check) {
  Attempt& asked = check->attempt;
  if (!asked.may_be_guess) {
    const Verdict verdict = *asked.proof ? Verdict::Accepted : Verdict::Rejected;
    if (*asked.proof) {
      checks_.succeeded(asked.client, asked.login);
    } else if (asked.fault.empty()) {
      asked.fault =
          "users.toml has no login that the client's certificate names, or the client asks for "
          "another one";
    }
    return loop_.defer([this, check, verdict] { decide(check, {verdict, {}}); });
  }
  const auto begun = checks_.begin_elsewhere(asked.client, asked.login);
  const auto found = begun ? checks_.end_elsewhere(*begun, asked.client, asked.login, asked.proof)
                           : PasswordChecks::Answer{Verdict::Locked, {}};
  loop_.defer([this, check, found] { decide(check, found); });
}

void Authenticator::judge_token(const std::shared_ptr<Check>& check) {
  Attempt& asked = check->attempt;
  const TokenRules& rules = *asked.token_rules;
  const auto keys = rules.keys != nullptr              ? rules.keys
                    : options_.fetched_keys != nullptr ? options_.fetched_keys->keys()
                                                       : nullptr;
  const auto found = keys != nullptr ? jwt::login_of(asked.token.view(), *keys, rules.expected,
                                                     clock_.system_now())
                                     : std::unexpected(jwt::Fault::UnknownKey);
  if (found) {
    judge_login(asked, smtp::prepared_name(*found));
    asked.may_be_guess = false;
    return judge_proof(check);
  }
  const bool unknown_key = found.error() == jwt::Fault::UnknownKey && rules.keys == nullptr;
  const bool was_fetched_for_it = std::exchange(check->has_waited, true);
  if (unknown_key && !was_fetched_for_it && wait_for_keys(check)) return;
  asked.fault = fmt::format("the token is refused: {}", jwt::words_of(found.error()));
  if (unknown_key) {
    const bool failed = options_.fetched_keys == nullptr || !options_.fetched_keys->current();
    if (failed || !was_fetched_for_it) {
      asked.fault = failed ? "the issuer's keys cannot be fetched (token_keys_failed)"
                           : "the token names a key that is not known, and keys were fetched a "
                             "moment ago";
      return loop_.defer([this, check] { decide(check, {Verdict::Unavailable, {}}); });
    }
  }
  asked.may_be_guess = !jwt::is_genuine(found.error());
  asked.proof = false;
  judge_proof(check);
}

bool Authenticator::wait_for_keys(const std::shared_ptr<Check>& check) {
  return options_.fetched_keys != nullptr && options_.fetched_keys->fetch_again([this, check] {
    loop_.post([this, check] { judge_token(check); });
  });
}

// The guess counts for the name that the client gave.
void Authenticator::ask_dovecot(const std::shared_ptr<Check>& check) {
  Attempt& asked = check->attempt;
  const bool known = checks_.knows(asked.client, asked.login);
  const auto begun = checks_.begin_elsewhere(asked.client, asked.login);
  if (!begun) return loop_.defer([this, check] { decide(check, {Verdict::Locked, {}}); });
  dovecot_.ask({.socket = asked.dovecot_socket,
                .client = asked.client,
                .known = known,
                .login = asked.login,
                .password = std::move(asked.password)},
               [this, check, begun](DovecotSocket::Outcome outcome, const std::string& login) {
                 using enum DovecotSocket::Outcome;
                 auto right =
                     outcome == Unavailable ? std::nullopt : std::optional(outcome == Accepted);
                 Attempt& tried = check->attempt;
                 const Users::Alike alike = listed(tried, login.empty() ? tried.login : login);
                 if (right == true && (alike.user != nullptr || alike.several)) {
                   right = false;
                   tried.fault = "users.toml has this login, whose password Dovecot does not check";
                 }
                 if (!right) tried.fault = "Dovecot cannot be asked, or has a temporary failure";
                 const auto found = checks_.end_elsewhere(*begun, tried.client, tried.login, right);
                 if (found.verdict == Verdict::Accepted && !login.empty()) tried.login = login;
                 decide(check, found);
               });
}

std::unique_ptr<SaslExchange> Authenticator::begin(std::string_view mechanism, Terms terms) const {
  if (mechanism == "EXTERNAL") {
    return std::make_unique<ExternalExchange>(std::move(terms.certificate_names),
                                              std::move(terms.users));
  }
  if (terms.token_rules && (mechanism == "OAUTHBEARER" || mechanism == "XOAUTH2")) {
    const jwt::Expectation& expected = terms.token_rules->expected;
    return std::make_unique<BearerExchange>(
        mechanism == "XOAUTH2" ? BearerExchange::Form::XOauth2 : BearerExchange::Form::OauthBearer,
        BearerExchange::Advice{.issuer = expected.issuer, .scope = expected.scope});
  }
  constexpr std::size_t kNonceSize = 18;
  return std::make_unique<ScramExchange>(
      ScramExchange::Server{.users = std::move(terms.users),
                            .salt_secret = options_.salt_secret,
                            .binding = std::move(terms.binding),
                            .plus = mechanism.ends_with("-PLUS"),
                            .plus_offered = terms.plus_offered,
                            .nonce = base64::encode(secret_bytes(kNonceSize))});
}

void Authenticator::decide(const std::shared_ptr<Check>& check,
                           const PasswordChecks::Answer& found) {
  const Verdict verdict = found.verdict;
  check->decided(check->attempt, verdict, found.locked);
  if (verdict != Verdict::Rejected && verdict != Verdict::Locked) {
    return check->answer(verdict, check->attempt.login);
  }
  const Verdict heard = found.sounds_locked ? Verdict::Locked : verdict;
  const auto step = rejection_step(options_.rejection_time, checks_.longest_check());
  timers_.after(time_to_rejection(clock_.steady_now() - check->began, step),
                [check, heard] { check->answer(heard, check->attempt.login); });
}

}  // namespace signpost::auth
