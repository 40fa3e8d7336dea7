// Remembers for a while which passwords were right, so that a client that connects for each message
// does not cost an argon2 hash each time.
#pragma once

#include "base/clock.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

namespace signpost::auth {

// Any thread. Holds no password: a keyed hash (BLAKE2b with a secret of this process) of login,
// stored hash and password; so entries of a changed users.toml simply miss. At most `capacity`
// entries, each for `lifetime`.
class PasswordCache {
 public:
  using Key = std::array<unsigned char, 32>;

  explicit PasswordCache(std::size_t capacity = 10'000,
                         std::chrono::seconds lifetime = std::chrono::minutes(10));
  ~PasswordCache();

  // Of one question, "is this the password of that login?", as long as the stored hash stays.
  Key key_of(std::string_view login, std::string_view stored_hash, std::string_view password) const;
  bool contains(const Key& key, SteadyTime now);
  void insert(const Key& key, SteadyTime now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::auth
