// A users file with one login, "shop", and its password, "secret".
#pragma once

#include "auth/check_line.h"
#include "auth/users.h"
#include "base/check.h"

#include <memory>
#include <string>
#include <string_view>

namespace signpost::auth {

// Made by mkpasswd.
inline constexpr std::string_view kOneLogin =
    "[shop]\npassword = \"{SHA512-CRYPT}$6$saltstring$AIsRs/Ee56G/"
    "tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0Ry5qulYz.\"\n";

inline std::shared_ptr<const Users> one_login() {
  auto users = Users::parse(kOneLogin, "users.toml");
  CHECK(users.has_value());
  return std::move(*users);
}

inline std::string word(Verdict verdict) {
  switch (verdict) {
    case Verdict::Accepted:
      return "accepted";
    case Verdict::Rejected:
      return "rejected";
    case Verdict::Locked:
      return "locked";
    case Verdict::Unavailable:
      return "unavailable";
  }
  return "";
}

}  // namespace signpost::auth
