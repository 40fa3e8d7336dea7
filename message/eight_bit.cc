#include "message/eight_bit.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace signpost::message {

namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080;

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

}  // namespace

// Four words a step: nearly all mail is ASCII, so leaving early within a step gains nothing.
bool has_eight_bit(std::string_view bytes) {
  constexpr std::size_t kStep = 4 * sizeof(std::uint64_t);
  while (bytes.size() >= kStep) {
    const char* p = bytes.data();
    if (((word_at(p) | word_at(p + 8) | word_at(p + 16) | word_at(p + 24)) & kHighBits) != 0) {
      return true;
    }
    bytes.remove_prefix(kStep);
  }
  return std::ranges::any_of(bytes, [](char c) { return (c & 0x80) != 0; });
}

}  // namespace signpost::message
