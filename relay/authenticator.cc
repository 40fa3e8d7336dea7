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
  worker.loop().run_blocking(
      [check, &relay] {
        // A shop that starts with fifty connections at once pays for the first few of them.
        const User* asked = check->user();
        check->right =
            (asked && relay.passwords.contains(check->login, asked->password, check->password,
                                               std::chrono::steady_clock::now())) ||
            verify_password(asked, check->password);
      },
      [&worker, check] {
        Relay& shared = worker.relay();
        shared.password_checks.fetch_sub(1);
        if (!check->right) {
          worker.after(kRejectionDelay, [check] { check->done(check->login, Rejected); });
          return;
        }
        shared.passwords.insert(check->login, check->user()->password, check->password,
                                worker.loop().now());
        check->done(check->login, Accepted);
      });
}

}  // namespace signpost::relay
