#include "auth/passwd_file.h"

#include "auth/password_scheme.h"
#include "auth/users.h"
#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <optional>
#include <set>

namespace signpost::auth {

namespace {

using Login = PasswdFile::Login;

constexpr std::string_view kClearSchemes[] = {"{PLAIN}", "{CLEAR}", "{CLEARTEXT}"};
// Dovecot's extra fields that keep somebody out. A login that loses one would gain rights.
constexpr std::string_view kRestrictions[] = {"allow_nets", "nologin", "nopassword"};
constexpr std::size_t kExtraFields = 7;  // after name, password, uid, gid, gecos, home and shell

std::optional<std::string_view> clear_password(std::string_view stored) {
  for (const std::string_view scheme : kClearSchemes) {
    if (ascii::starts_with_ignore_case(stored, scheme)) return stored.substr(scheme.size());
  }
  return {};
}

std::optional<std::string_view> restriction(const std::vector<std::string_view>& fields) {
  for (std::size_t i = kExtraFields; i < fields.size(); ++i) {
    for (const std::string_view extra : ascii::split(fields[i], ' ')) {
      const std::string_view name = extra.substr(0, extra.find('='));
      const auto* const found = std::ranges::find(kRestrictions, name);
      if (found != std::end(kRestrictions)) return *found;
    }
  }
  return {};
}

std::expected<Login, std::string> parse_line(std::string_view line) {
  const auto fields = ascii::split(line, ':');
  if (fields.size() < 2) return std::unexpected("this is not \"name:hash\"");
  Login login;
  login.name = fields[0];
  if (auto problem = user_name_problem(login.name)) return std::unexpected(std::move(*problem));
  const std::string_view stored = fields[1];
  if (stored.empty() || stored.front() == '!' || stored.front() == '*') {
    return std::unexpected("this login has no password");
  }
  if (const auto name = restriction(fields)) {
    return std::unexpected(fmt::format("{} cannot be kept", *name));
  }
  if (const auto clear = clear_password(stored)) {
    if (clear->empty()) return std::unexpected("this login has no password");
    login.clear = SecretString(*clear);
    return login;
  }
  if (stored.starts_with("$apr1$")) {
    return std::unexpected(
        "MD5 ($apr1$) is too weak: whoever gets the file can soon guess its passwords");
  }
  if (auto problem = password_hash_problem(stored)) return std::unexpected(std::move(*problem));
  login.hash = stored;
  return login;
}

}  // namespace

PasswdFile parse_passwd_file(std::string_view text) {
  PasswdFile file;
  std::set<std::string> names;
  std::size_t number = 0;
  for (std::string_view line : ascii::split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    auto login = parse_line(line);
    if (login && !names.insert(login->name).second) {
      login = std::unexpected("an earlier line has the same name");
    }
    if (login) {
      login->line = number;
      file.logins.push_back(std::move(*login));
    } else {
      file.refused.push_back({number, std::move(login).error()});
    }
  }
  return file;
}

}  // namespace signpost::auth
