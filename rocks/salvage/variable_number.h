// Numbers as RocksDB stores them: 7 bits an octet, lowest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signpost::rocks {

// Takes one from the front; nothing, and nothing taken, if there is none.
inline std::optional<std::uint64_t> take_number(std::string_view& octets) {
  constexpr std::size_t kLongest = 10;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLongest && i < octets.size(); ++i) {
    const auto octet = static_cast<std::uint8_t>(octets[i]);
    value |= static_cast<std::uint64_t>(octet & 0x7f) << (7 * i);
    if (octet < 0x80) {
      octets.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace signpost::rocks
