// The queue's name for a message: unique, in order of acceptance, short enough for a log line.
#pragma once

#include "base/clock.h"
#include "base/random.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::queue {

// 80 bits: the microsecond of acceptance (52 bits) and 28 random ones, big-endian, so that octets,
// text and time sort alike.
struct MessageId {
  std::array<std::uint8_t, 10> octets{};

  std::string text() const;  // 16 digits of base 32 in lower case: 0-9 a-v
  static std::optional<MessageId> parse(std::string_view text);
  SystemTime time() const;
  friend auto operator<=>(const MessageId&, const MessageId&) = default;
};

// Makes ids that rise strictly within one generator, even when the clock stands still or goes back.
// One thread's. Generators with equal `random` and times make equal ids.
class MessageIdGenerator {
 public:
  explicit MessageIdGenerator(const Random& random = Random()) : random_(random) {}
  MessageId next(SystemTime now);

 private:
  Random random_;
  std::uint64_t last_ = 0;
};

}  // namespace signpost::queue

template <>
struct std::hash<signpost::queue::MessageId> {
  std::size_t operator()(const signpost::queue::MessageId& id) const noexcept;
};
