// What a bearer token must be to log in: [auth.oauth] of the configuration with the keys that it
// names.
#pragma once

#include "jwt/key_set.h"
#include "jwt/token.h"

#include <memory>

namespace signpost::auth {

// Constant after loading; shared by all workers.
struct TokenRules {
  jwt::Expectation expected;
  std::shared_ptr<const jwt::KeySet> keys;  // null: they are fetched (auth/fetched_keys.h)
  bool unlisted = false;                    // whether the login may be one that users has not
};

}  // namespace signpost::auth
