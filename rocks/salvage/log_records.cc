#include "rocks/salvage/log_records.h"

#include <algorithm>
#include <array>

namespace signpost::rocks {

namespace {

constexpr std::size_t kBlockSize = 32 << 10;
constexpr std::size_t kHeaderSize = 4 + 2 + 1;  // checksum, length, type

enum RecordType : std::uint32_t { kZero, kFull, kFirst, kMiddle, kLast };

std::uint32_t octet(std::string_view octets, std::size_t at) {
  return static_cast<std::uint8_t>(octets[at]);
}

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78U : 0);
    table[i] = value;
  }
  return table;
}

constexpr auto kCrcTable = crc_table();

}  // namespace

std::uint32_t crc32c(std::string_view octets) {
  std::uint32_t crc = ~0U;
  for (const char c : octets) {
    crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  }
  return ~crc;
}

std::uint32_t masked_crc32c(std::string_view octets) {
  const std::uint32_t crc = crc32c(octets);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

void LogReader::read(std::string_view file, const Found& found) {
  while (!file.empty()) {
    const std::size_t size = std::min(kBlockSize, file.size());
    read_block(file.substr(0, size), found);
    file.remove_prefix(size);
    read_ += size;
  }
}

void LogReader::read(std::string_view file, std::string& records) {
  read(file, [&](std::string_view record) { records.append(record); });
}

void LogReader::read_block(std::string_view block, const Found& found) {
  const std::size_t size = block.size();
  while (block.size() >= kHeaderSize) {
    const std::uint32_t stored =
        octet(block, 0) | octet(block, 1) << 8 | octet(block, 2) << 16 | octet(block, 3) << 24;
    const std::size_t length = octet(block, 4) | octet(block, 5) << 8;
    const std::uint32_t type = octet(block, 6);
    if (type == kZero && length == 0) return;  // room that was not used
    if (kHeaderSize + length > block.size()) break;
    const bool whole = masked_crc32c(block.substr(kHeaderSize - 1, 1 + length)) == stored;
    if (!whole) lose();
    const bool ended = whole && take(type, block.substr(kHeaderSize, length), found);
    block.remove_prefix(kHeaderSize + length);
    if (ended && !damaged_) whole_ = read_ + size - block.size();
  }
  // Less than a header is left empty at the end of a block.
  if (block.find_first_not_of('\0') != std::string_view::npos) lose();
}

// Whether a record ends there.
bool LogReader::take(std::uint32_t type, std::string_view octets, const Found& found) {
  if (type == kFull || type == kFirst) {
    goes_on_ = goes_on_ || damaged_;
    part_.clear();
    within_ = true;
  }
  if (!within_) return false;  // its beginning is lost
  part_.append(octets);
  if (type != kFull && type != kLast) return false;
  found(part_);
  within_ = false;
  return true;
}

void LogReader::lose() {
  damaged_ = true;
  within_ = false;
}

std::string without_block_headers(std::string file) {
  std::size_t kept = 0;
  for (std::size_t block = 0; block < file.size(); block += kBlockSize) {
    const std::size_t from = std::min(block + kHeaderSize, file.size());
    const std::size_t end = std::min(block + kBlockSize, file.size());
    std::copy(file.begin() + static_cast<std::ptrdiff_t>(from),
              file.begin() + static_cast<std::ptrdiff_t>(end),
              file.begin() + static_cast<std::ptrdiff_t>(kept));
    kept += end - from;
  }
  file.resize(kept);
  return file;
}

}  // namespace signpost::rocks
