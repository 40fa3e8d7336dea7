// users.toml: the logins that may submit, and their passwords.
#pragma once

#include "auth/password_scheme.h"
#include "auth/user.h"
#include "base/result.h"
#include "config/config.h"
#include "config/toml_document.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

// Constant after loading; shared by all workers.
class Users {
 public:
  // Null after a mistake; each is added to `errors` with file, line and column.
  static std::shared_ptr<const Users> parse(std::string_view toml, const std::string& file,
                                            std::vector<config::ConfigError>& errors);
  // The same with all mistakes in the one error's detail, a line each.
  static Result<std::shared_ptr<const Users>> load(const std::string& file);
  static Result<std::shared_ptr<const Users>> parse(std::string_view toml, const std::string& file);
  const User* find(std::string_view name) const;
  // For the name that another server has vouched for (a Dovecot, an issuer, a front end), many of
  // which ignore case: the login of exactly this name, or else the one that differs from it in case
  // or in how its domain is written.
  struct Alike {
    const User* user = nullptr;  // null: none, or several
    bool several = false;
  };
  Alike find_alike(std::string_view name) const;
  const std::vector<User>& all() const { return users_; }
  // Where the file has this one of all().
  config::TomlPosition place_of(const User& user) const;
  // The stored password that takes longest to check; "" without users.
  const std::string& costliest_password() const { return costliest_password_; }
  bool have_senders() const { return !senders_.empty(); }  // any of them
  bool have_senders_of(const Users& other) const { return senders_ == other.senders_; }
  // Whether the senders of any login include this address, its domain, or a parent domain.
  // REQUIRES: the domain is in lower case, as A-labels
  bool are_senders(std::string_view address) const;

 private:
  std::vector<User> users_;  // sorted by name
  std::string costliest_password_;
  std::vector<std::string> senders_;  // of all, sorted
  std::map<std::string, config::TomlPosition, std::less<>> places_;
  std::multimap<std::string, std::size_t>
      alike_;  // indices of users_, by what find_alike() compares
};

// What is wrong with a login's name, for the operator; nothing if it is valid.
std::optional<std::string> user_name_problem(std::string_view name);

// Do the user's senders have `address` ("local@domain", lower-case domain)?
bool is_sender(const User& user, std::string_view address);

// Edits the file in place (a new file beside it, renamed), keeping everything else in it. An
// existing user gets the new password, or none, only with `replace`, and keeps what else `user`
// does not say. Its senders, tenant, class, rate and daily are written; the other values are not.
// REQUIRES: valid values but for the name
Result<void> add_user(const std::string& file, const User& user, bool replace);
// The same for several, all or none of them, with names that are valid already.
// REQUIRES: no name twice
Result<void> add_users(const std::string& file, const std::vector<User>& users, bool replace);
Result<void> remove_user(const std::string& file, const std::string& name);

}  // namespace signpost::auth
