#include "relay/authenticator.h"

#include "base/log.h"

#include <chrono>
#include <utility>

namespace signpost::relay {

namespace {

using enum smtp::ServerDialog::PasswordResult;

// Each check takes some 50 ms of one core and 64 MiB for as long.
constexpr int kMaxChecks = 64;
constexpr std::chrono::seconds kAnswerDelay{1};  // of a refusal

struct Check {
  net::IpAddress client;
  std::shared_ptr<const auth::Users> users;
  std::string login;
  std::string password;
  AuthenticationDone done;
  bool right = false;

  const auth::User* user() const { return users ? users->find(login) : nullptr; }
};

// On the thread pool. A shop that starts with fifty connections at once pays for the first few.
bool is_right(Relay& relay, const Check& check) {
  const auth::User* user = check.user();
  const auto now = std::chrono::steady_clock::now();
  if (user && relay.passwords.contains(check.login, user->password, check.password, now)) {
    return true;
  }
  if (!auth::verify_password(user, check.password)) return false;
  relay.passwords.insert(check.login, user->password, check.password, now);
  return true;
}

void accept(Worker& worker, const Check& check) {
  worker.relay().logins.succeeded(check.client, check.login, worker.loop().now());
  check.done(check.login, Accepted);
}

void reject(Worker& worker, const std::shared_ptr<Check>& check) {
  const auto locked =
      worker.relay().logins.failed(check->client, check->login, worker.loop().now());
  if (locked.client.count() != 0) {
    log::warning("auth_locked",
                 {{"address", check->client.text()}, {"seconds", locked.client.count()}});
  }
  if (locked.login.count() != 0) {
    log::warning("auth_locked", {{"user", check->login}, {"seconds", locked.login.count()}});
  }
  worker.after(kAnswerDelay, [check] { check->done(check->login, Rejected); });
}

}  // namespace

void authenticate(Worker& worker, const net::IpAddress& client,
                  std::shared_ptr<const auth::Users> users, std::string login, std::string password,
                  AuthenticationDone done) {
  auto check = std::make_shared<Check>(
      Check{client, std::move(users), std::move(login), std::move(password), std::move(done)});
  Relay& relay = worker.relay();
  if (!relay.logins.may_try(client, check->login, worker.loop().now())) {
    worker.after(kAnswerDelay, [check] { check->done(check->login, Locked); });
    return;
  }
  const auth::User* user = check->user();
  if (user && relay.passwords.contains(check->login, user->password, check->password,
                                       worker.loop().now())) {
    worker.loop().defer([&worker, check] { accept(worker, *check); });
    return;
  }
  if (relay.password_checks.fetch_add(1) >= kMaxChecks) {
    relay.password_checks.fetch_sub(1);
    worker.loop().defer([check] { check->done(check->login, Unavailable); });
    return;
  }
  worker.loop().run_blocking([check, &relay] { check->right = is_right(relay, *check); },
                             [&worker, check] {
                               worker.relay().password_checks.fetch_sub(1);
                               if (check->right) {
                                 accept(worker, *check);
                               } else {
                                 reject(worker, check);
                               }
                             });
}

}  // namespace signpost::relay
