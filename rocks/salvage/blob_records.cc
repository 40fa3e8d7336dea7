#include "rocks/salvage/blob_records.h"

#include "rocks/salvage/log_records.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>

namespace signpost::rocks {

namespace {

constexpr std::size_t kFileHeaderSize = 30;
constexpr std::size_t kCompressionType = 13;  // in the file's header, of all its values
constexpr std::uint8_t kNotCompressed = 0;
constexpr std::uint8_t kLz4 = 4;
constexpr std::uint8_t kZstd = 7;
constexpr std::size_t kMostExpansion = 100'000;
constexpr std::size_t kKeySize = 10;
// Lengths of key and value, an expiration, the checksum of these, the checksum of key and value.
constexpr std::size_t kLengthsSize = 8 + 8 + 8;
constexpr std::size_t kHeaderSize = kLengthsSize + 4 + 4;

std::uint64_t number_at(std::string_view octets, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<std::uint8_t>(octets[at + i]);
  }
  return value;
}

// A header with the key's length and its own checksum, and room for what it announces.
bool is_header(std::string_view file, std::size_t at) {
  const std::string_view rest = file.substr(at);
  if (rest.size() < kHeaderSize + kKeySize || number_at(rest, 0, 8) != kKeySize) return false;
  if (number_at(rest, 8, 8) > rest.size() - kHeaderSize - kKeySize) return false;
  return masked_crc32c(rest.substr(0, kLengthsSize)) == number_at(rest, kLengthsSize, 4);
}

// The size before compression, as a varint of 32 bits, which is taken off `octets`.
std::optional<std::size_t> take_size(std::string_view& octets) {
  std::size_t size = 0;
  for (unsigned shift = 0; shift <= 28 && !octets.empty(); shift += 7) {
    const auto octet = static_cast<std::uint8_t>(octets.front());
    octets.remove_prefix(1);
    size |= std::size_t{octet & 0x7fU} << shift;
    if ((octet & 0x80) == 0) return size;
  }
  return {};
}

}  // namespace

void find_blobs(std::string_view file,
                const std::function<void(const queue::MessageId& id, std::size_t offset,
                                         std::size_t size)>& found) {
  std::size_t at = kFileHeaderSize;
  while (at < file.size()) {
    if (!is_header(file, at)) {
      ++at;
      continue;
    }
    const auto size = static_cast<std::size_t>(number_at(file, at + 8, 8));
    queue::MessageId id;
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(at + kHeaderSize), kKeySize,
                id.octets.begin());
    found(id, at + kHeaderSize + kKeySize, size);
    at += kHeaderSize + kKeySize + size;
  }
}

bool blob_is_whole(std::string_view file, std::size_t offset, std::size_t size) {
  const std::size_t key = offset - kKeySize;
  return masked_crc32c(file.substr(key, kKeySize + size)) == number_at(file, key - 4, 4);
}

std::optional<std::string> uncompressed_blob(std::string_view file, std::size_t offset,
                                             std::size_t size) {
  std::string_view octets = file.substr(offset, size);
  const auto type = static_cast<std::uint8_t>(file[kCompressionType]);
  if (type == kNotCompressed) return std::string(octets);
  const auto full = take_size(octets);
  // No more than these octets can expand to, so that a wrong size does not use up all memory.
  if (!full || *full > kMostExpansion * (octets.size() + 1)) return {};
  std::string content(*full, '\0');
  if (type == kLz4) {
    const int got = LZ4_decompress_safe(octets.data(), content.data(),
                                        static_cast<int>(octets.size()), static_cast<int>(*full));
    if (got < 0 || static_cast<std::size_t>(got) != *full) return {};
  } else if (type == kZstd) {
    if (ZSTD_decompress(content.data(), *full, octets.data(), octets.size()) != *full) return {};
  } else {
    return {};
  }
  return content;
}

}  // namespace signpost::rocks
