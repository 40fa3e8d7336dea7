#include "relay/authenticator.h"

#include <chrono>
#include <utility>

namespace signpost::relay {

namespace {

using enum smtp::ServerDialog::PasswordResult;

// Each check takes some 50 ms of one core and 64 MiB for as long.
constexpr int kMaxChecks = 64;
constexpr std::chrono::seconds kRejectionDelay{1};

struct Check {
  std::shared_ptr<const Users> users;
  std::string login;
  std::string password;
  AuthenticationDone done;
  bool right = false;

  const User* user() const { return users ? users->find(login) : nullptr; }
};

// On the thread pool. A shop that starts with fifty connections at once pays for the first few.
bool is_right(Relay& relay, const Check& check) {
  const User* user = check.user();
  const auto now = std::chrono::steady_clock::now();
  if (user && relay.passwords.contains(check.login, user->password, check.password, now)) {
    return true;
  }
  if (!verify_password(user, check.password)) return false;
  relay.passwords.insert(check.login, user->password, check.password, now);
  return true;
}

}  // namespace

void authenticate(Worker& worker, std::shared_ptr<const Users> users, std::string login,
                  std::string password, AuthenticationDone done) {
  auto check = std::make_shared<Check>(
      Check{std::move(users), std::move(login), std::move(password), std::move(done)});
  Relay& relay = worker.relay();
  const User* user = check->user();
  if (user && relay.passwords.contains(check->login, user->password, check->password,
                                       worker.loop().now())) {
    worker.loop().defer([check] { check->done(check->login, Accepted); });
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
                                 check->done(check->login, Accepted);
                               } else {
                                 worker.after(kRejectionDelay,
                                              [check] { check->done(check->login, Rejected); });
                               }
                             });
}

}  // namespace signpost::relay
