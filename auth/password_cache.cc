#include "auth/password_cache.h"

#include "base/check.h"
#include "base/lru_map.h"
#include "base/mutex.h"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace signpost::auth {

namespace {

using Key = PasswordCache::Key;

// A digest under a secret key is as good as random: eight of its octets make a hash.
struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, key.data(), sizeof hash);
    return hash;
  }
};

}  // namespace

struct PasswordCache::Impl {
  Impl(std::size_t capacity, std::chrono::seconds time) : lifetime(time), expires(capacity) {
    CHECK(sodium_init() >= 0);
    crypto_generichash_keygen(secret.data());
  }
  ~Impl() { sodium_memzero(secret.data(), secret.size()); }

  const std::chrono::seconds lifetime;
  std::array<unsigned char, crypto_generichash_KEYBYTES> secret;

  Mutex mutex;
  LruMap<Key, SteadyTime, KeyHash> expires GUARDED_BY(mutex);
};

PasswordCache::PasswordCache(std::size_t capacity, std::chrono::seconds lifetime)
    : impl_(std::make_unique<Impl>(capacity, lifetime)) {}

PasswordCache::~PasswordCache() = default;

PasswordCache::Key PasswordCache::key_of(std::string_view login, std::string_view stored_hash,
                                         std::string_view password) const {
  crypto_generichash_state state;
  crypto_generichash_init(&state, impl_->secret.data(), impl_->secret.size(), sizeof(Key));
  // Each with its length before it: "ab" and "c" must not be "a" and "bc".
  for (const std::string_view part : {login, stored_hash, password}) {
    const std::uint64_t size = part.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                              part.size());
  }
  Key key;
  crypto_generichash_final(&state, key.data(), key.size());
  sodium_memzero(&state, sizeof state);
  return key;
}

bool PasswordCache::contains(const Key& key, SteadyTime now) {
  const MutexLock lock(impl_->mutex);
  const SteadyTime* const expires = impl_->expires.find(key);
  if (expires == nullptr) return false;
  if (now < *expires) return true;
  impl_->expires.erase(key);
  return false;
}

void PasswordCache::insert(const Key& key, SteadyTime now) {
  const MutexLock lock(impl_->mutex);
  impl_->expires.insert(key, now + impl_->lifetime);
}

}  // namespace signpost::auth
