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

using Digest = std::array<unsigned char, 32>;

// A digest of a secret key is as good as random already: eight of its octets are a hash.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
  }
};

}  // namespace

struct PasswordCache::Impl {
  Impl(std::size_t capacity, std::chrono::seconds time) : lifetime(time), expires(capacity) {
    CHECK(sodium_init() >= 0);
    crypto_generichash_keygen(key.data());
  }
  ~Impl() { sodium_memzero(key.data(), key.size()); }

  Digest digest(std::string_view login, std::string_view stored_hash,
                std::string_view password) const;

  const std::chrono::seconds lifetime;
  std::array<unsigned char, crypto_generichash_KEYBYTES> key;

  Mutex mutex;
  LruMap<Digest, SteadyTime, DigestHash> expires GUARDED_BY(mutex);
};

Digest PasswordCache::Impl::digest(std::string_view login, std::string_view stored_hash,
                                   std::string_view password) const {
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.data(), key.size(), sizeof(Digest));
  // Each with its length before it: "ab" and "c" must not be "a" and "bc".
  for (const std::string_view part : {login, stored_hash, password}) {
    const std::uint64_t size = part.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                              part.size());
  }
  Digest result;
  crypto_generichash_final(&state, result.data(), result.size());
  sodium_memzero(&state, sizeof state);
  return result;
}

PasswordCache::PasswordCache(std::size_t capacity, std::chrono::seconds lifetime)
    : impl_(std::make_unique<Impl>(capacity, lifetime)) {}

PasswordCache::~PasswordCache() = default;

bool PasswordCache::contains(std::string_view login, std::string_view stored_hash,
                             std::string_view password, SteadyTime now) {
  const Digest digest = impl_->digest(login, stored_hash, password);
  const MutexLock lock(impl_->mutex);
  const SteadyTime* const expires = impl_->expires.find(digest);
  if (expires == nullptr) return false;
  if (now < *expires) return true;
  impl_->expires.erase(digest);
  return false;
}

void PasswordCache::insert(std::string_view login, std::string_view stored_hash,
                           std::string_view password, SteadyTime now) {
  const Digest digest = impl_->digest(login, stored_hash, password);
  const MutexLock lock(impl_->mutex);
  impl_->expires.insert(digest, now + impl_->lifetime);
}

}  // namespace signpost::auth
