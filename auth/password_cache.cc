#include "auth/password_cache.h"

#include "base/check.h"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

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
  struct Entry {
    Digest digest;
    SteadyTime expires;
  };
  using Entries = std::list<Entry>;

  Impl(std::size_t most, std::chrono::seconds time) : capacity(most), lifetime(time) {
    CHECK(sodium_init() >= 0);
    crypto_generichash_keygen(key.data());
  }
  ~Impl() { sodium_memzero(key.data(), key.size()); }

  Digest digest(std::string_view login, std::string_view stored_hash,
                std::string_view password) const;
  void erase(Entries::iterator entry) {
    index.erase(entry->digest);
    entries.erase(entry);
  }

  const std::size_t capacity;
  const std::chrono::seconds lifetime;
  std::array<unsigned char, crypto_generichash_KEYBYTES> key;

  std::mutex mutex;
  Entries entries;  // the most recently used first
  std::unordered_map<Digest, Entries::iterator, DigestHash> index;
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
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->index.find(digest);
  if (found == impl_->index.end()) return false;
  if (found->second->expires <= now) {
    impl_->erase(found->second);
    return false;
  }
  impl_->entries.splice(impl_->entries.begin(), impl_->entries, found->second);
  return true;
}

void PasswordCache::insert(std::string_view login, std::string_view stored_hash,
                           std::string_view password, SteadyTime now) {
  if (impl_->capacity == 0) return;
  const Digest digest = impl_->digest(login, stored_hash, password);
  const std::lock_guard lock(impl_->mutex);
  if (const auto found = impl_->index.find(digest); found != impl_->index.end()) {
    impl_->erase(found->second);
  }
  if (impl_->entries.size() >= impl_->capacity) impl_->erase(std::prev(impl_->entries.end()));
  impl_->entries.push_front({digest, now + impl_->lifetime});
  impl_->index.emplace(digest, impl_->entries.begin());
}

}  // namespace signpost::auth
