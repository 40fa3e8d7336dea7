#include "base/secret_string.h"

#include "base/check.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace signpost {

void wipe(std::span<char> octets) {
  if (!octets.empty()) explicit_bzero(octets.data(), octets.size());
}

SecretString::SecretString(std::string_view text) : SecretString(of_size(text.size())) {
  std::ranges::copy(text, octets_.get());
}

SecretString SecretString::of_size(std::size_t size) {
  SecretString made;
  made.octets_ = std::make_unique<char[]>(size);
  made.size_ = size;
  return made;
}

SecretString::SecretString(SecretString&& other) noexcept
    : octets_(std::move(other.octets_)), size_(std::exchange(other.size_, 0)) {}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this == &other) return *this;
  wipe(octets());
  octets_ = std::move(other.octets_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

void SecretString::shorten(std::size_t size) {
  CHECK(size <= size_);
  wipe(octets().subspan(size));
  size_ = size;
}

}  // namespace signpost
