// Remembers for a while which passwords were right, so that a client that connects for each message
// does not cost an argon2 hash each time.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace signpost::auth {

// Any thread. Holds no password: a keyed hash (a secret of this process, BLAKE2b or SHA-256) of
// login, stored hash and password; so a changed users.toml misses by itself. At most `capacity`
// entries, each for `lifetime`.
class PasswordCache {
 public:
  explicit PasswordCache(std::size_t capacity = 10'000,
                         std::chrono::seconds lifetime = std::chrono::minutes(10));
  ~PasswordCache();
  bool contains(std::string_view login, std::string_view stored_hash, std::string_view password,
                SteadyTime now);
  void insert(std::string_view login, std::string_view stored_hash, std::string_view password,
              SteadyTime now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::auth
