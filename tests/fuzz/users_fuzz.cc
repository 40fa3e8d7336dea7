// users.toml: any text loads or is refused; a file that loads can be edited and says then what it
// should.
#include "auth/users_edit.h"
#include "base/check.h"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto users = signpost::auth::Users::parse(text, "users.toml");
  if (!users) {
    CHECK(!users.error().detail.empty());
    return 0;
  }
  for (const auto& user : (*users)->all()) {
    CHECK((*users)->find(user.name) == &user);
    CHECK(!signpost::auth::user_name_problem(user.name));
    (void)signpost::auth::is_sender(user, text);
    // An edit is done right or refused; with_user() and without_user() look themselves.
    (void)signpost::auth::with_user(std::string(text), "users.toml", user, true);
    (void)signpost::auth::without_user(std::string(text), "users.toml", user.name);
  }
  return 0;
}
