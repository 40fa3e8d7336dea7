// What a client asked about delivery status notifications (RFC 3461 section 4).
#pragma once

#include <cstdint>

namespace signpost::smtp {

enum class Return : std::uint8_t { Unspecified, Full, Headers };  // RET=

// NOTIFY=, as bits. Unspecified means failure and, at our choice, delay (section 4.1).
struct Notify {
  static constexpr std::uint8_t kUnspecified = 0;
  static constexpr std::uint8_t kNever = 1;
  static constexpr std::uint8_t kSuccess = 2;
  static constexpr std::uint8_t kFailure = 4;
  static constexpr std::uint8_t kDelay = 8;

  std::uint8_t bits = kUnspecified;

  bool on_failure() const { return bits == kUnspecified || (bits & kFailure) != 0; }
  bool on_delay() const { return bits == kUnspecified || (bits & kDelay) != 0; }
  bool on_success() const { return (bits & kSuccess) != 0; }
  friend bool operator==(const Notify&, const Notify&) = default;
};

}  // namespace signpost::smtp
