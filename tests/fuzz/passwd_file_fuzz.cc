// Files of logins that others keep: what is taken can be in users.toml.
#include "auth/passwd_file.h"
#include "auth/users_edit.h"
#include "base/check.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost::auth;
  const auto file = parse_passwd_file({reinterpret_cast<const char*>(data), size});
  std::vector<User> users;
  for (const auto& login : file.logins) {
    CHECK(login.line > 0 && login.hash.empty() != login.clear.empty());
    if (!login.hash.empty()) users.push_back({.name = login.name, .password = login.hash});
  }
  for (const auto& refused : file.refused) CHECK(!refused.reason.empty());
  CHECK(with_users("", "users.toml", users, false).has_value());
  return 0;
}
