// users.toml: the logins that may submit, and their passwords.
#pragma once

#include "base/result.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

struct User {
  std::string name;
  std::string password;  // "{ARGON2ID}$argon2id$…", "{SHA512-CRYPT}$6$…"
  std::vector<std::string>
      senders;  // "@domain" or addresses in lower case; empty: any domain with a key
};

// Constant after loading; shared by all workers.
class Users {
 public:
  // Every mistake is named with file, line and column in the one error's detail.
  static Result<std::shared_ptr<const Users>> load(const std::string& file);
  static Result<std::shared_ptr<const Users>> parse(std::string_view toml, const std::string& file);
  const User* find(std::string_view name) const;
  const std::vector<User>& all() const { return users_; }

 private:
  std::vector<User> users_;  // sorted by name
};

// What is wrong with a login's name, for the operator; nothing if it may stand.
std::optional<std::string> user_name_problem(std::string_view name);

// May this user send with `address` ("local@domain", lower-case domain) as reverse-path or From?
bool sender_allowed(const User& user, std::string_view address);

// A new "{ARGON2ID}…" for `password`, with libsodium's interactive limits. Takes ~100 ms.
std::string hash_password(std::string_view password);
// Any thread, slow on purpose. An unknown scheme is false. `user` null: works as long as for a real
// user, so that unknown names cannot be told by time.
bool verify_password(const User* user, std::string_view password);

// Edits the file in place (a new file beside it, renamed), keeping what else stands in it. An
// existing user gets the new password only with `replace`, and keeps its senders if none are given.
Result<void> add_user(const std::string& file, const std::string& name, const std::string& hash,
                      bool replace, const std::vector<std::string>& senders = {});
Result<void> remove_user(const std::string& file, const std::string& name);

}  // namespace signpost::auth
