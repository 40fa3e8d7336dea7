#include "queue/message_id.h"

#include <algorithm>

namespace signpost::queue {

namespace {

// base32hex in lower case (RFC 4648 section 7): unlike plain base 32 it sorts like the octets.
constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
constexpr std::size_t kTextSize = 16;
constexpr unsigned kRandomBits = 28;
constexpr std::uint64_t kRandomMask = (std::uint64_t{1} << kRandomBits) - 1;
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << 52) - 1;

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'v') return c - 'a' + 10;
  return -1;
}

MessageId make_id(std::uint64_t microseconds, std::uint64_t random) {
  // The time fills the first 6.5 octets, the random number the last 3.5.
  MessageId id;
  const std::uint64_t low = (microseconds << kRandomBits) | (random & kRandomMask);
  const std::uint64_t high = microseconds >> (64 - kRandomBits);
  for (std::size_t i = 0; i < 8; ++i) {
    id.octets[9 - i] = static_cast<std::uint8_t>(low >> (8 * i));
  }
  id.octets[1] = static_cast<std::uint8_t>(high);
  id.octets[0] = static_cast<std::uint8_t>(high >> 8);
  return id;
}

}  // namespace

std::string MessageId::text() const {
  std::string out(kTextSize, '0');
  for (std::size_t half = 0; half < 2; ++half) {  // 40 bits each
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) bits = bits << 8 | octets[half * 5 + i];
    for (std::size_t i = 0; i < 8; ++i) out[half * 8 + i] = kDigits[bits >> (35 - 5 * i) & 31];
  }
  return out;
}

std::optional<MessageId> MessageId::parse(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  MessageId id;
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t out = 0;
  for (const char c : text) {
    const int value = digit_value(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 5) | static_cast<std::uint32_t>(value);
    held += 5;
    if (held >= 8) {
      held -= 8;
      id.octets[out++] = static_cast<std::uint8_t>(bits >> held);
    }
  }
  return id;
}

SystemTime MessageId::time() const {
  std::uint64_t first_half = 0;
  for (std::size_t i = 0; i < 7; ++i) first_half = (first_half << 8) | octets[i];
  return SystemTime(std::chrono::microseconds(static_cast<std::int64_t>(first_half >> 4)));
}

MessageId MessageIdGenerator::next(SystemTime now) {
  const std::int64_t since_epoch = now.time_since_epoch().count();
  const std::uint64_t clock = since_epoch > 0 ? static_cast<std::uint64_t>(since_epoch) : 0;
  last_ = std::max(clock, last_ + 1) & kTimeMask;
  return make_id(last_, random_());
}

}  // namespace signpost::queue

std::size_t std::hash<signpost::queue::MessageId>::operator()(
    const signpost::queue::MessageId& id) const noexcept {
  // The low octets hold the random bits: every table size finds some of them.
  std::uint64_t value = 0;
  for (std::size_t i = 2; i < id.octets.size(); ++i) value = (value << 8) | id.octets[i];
  return static_cast<std::size_t>(value);
}
