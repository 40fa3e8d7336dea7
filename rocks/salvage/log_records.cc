#include "rocks/salvage/log_records.h"

#include <algorithm>
#include <array>

namespace signpost::rocks {

namespace {

constexpr std::size_t kBlockSize = kLogBlockSize;
constexpr std::size_t kHeaderSize = 4 + 2 + 1;  // checksum, length, type

enum RecordType : std::uint32_t { kZero, kFull, kFirst, kMiddle, kLast };

std::uint32_t octet(std::string_view octets, std::size_t at) {
  return static_cast<std::uint8_t>(octets[at]);
}

struct Header {
  std::uint32_t checksum;
  std::size_t length;
  std::uint32_t type;

  bool unused() const { return type == kZero && length == 0; }
};

// REQUIRES: `block` has as much as a header.
Header header_of(std::string_view block) {
  return {.checksum = octet(block, 0) | octet(block, 1) << 8 | octet(block, 2) << 16 |
                      octet(block, 3) << 24,
          .length = octet(block, 4) | octet(block, 5) << 8,
          .type = octet(block, 6)};
}

bool fits(const Header& header, std::string_view block) {
  return kHeaderSize + header.length <= block.size();
}

bool is_whole(const Header& header, std::string_view block) {
  return masked_crc32c(block.substr(kHeaderSize - 1, 1 + header.length)) == header.checksum;
}

bool is_empty(std::string_view octets) {
  return octets.find_first_not_of('\0') == std::string_view::npos;
}

// Whether a record begins and is whole anywhere in `octets`, whose record boundaries are unknown.
bool holds_record(std::string_view octets) {
  for (; octets.size() >= kHeaderSize; octets.remove_prefix(1)) {
    const Header header = header_of(octets);
    if ((header.type == kFull || header.type == kFirst) && header.length != 0 &&
        fits(header, octets) && is_whole(header, octets)) {
      return true;
    }
  }
  return false;
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
  std::uint64_t used = file.find_last_not_of('\0') + 1;  // the rest was never written
  while (!file.empty()) {
    const std::size_t size = std::min(kBlockSize, file.size());
    read_block(file.substr(0, size), used, found);
    file.remove_prefix(size);
    read_ += size;
    used -= std::min<std::uint64_t>(used, size);
  }
}

void LogReader::read(std::string_view file, std::string& records) {
  read(file, [&](std::string_view record) { records.append(record); });
}

// `used`: how far into it, or past it, something was written.
void LogReader::read_block(std::string_view block, std::uint64_t used, const Found& found) {
  const std::size_t size = block.size();
  while (block.size() >= kHeaderSize) {
    const Header header = header_of(block);
    if (header.unused() && size - block.size() >= used) return;
    if (header.unused() || !fits(header, block)) return lose(block);
    const bool whole = is_whole(header, block);
    if (!whole) lose(block);
    const bool ended = whole && take(header.type, block.substr(kHeaderSize, header.length), found);
    block.remove_prefix(kHeaderSize + header.length);
    if (ended && !damaged_) whole_ = read_ + size - block.size();
  }
  // Less than a header is left empty at the end of a block.
  if (!is_empty(block)) lose({});
}

// Whether a record ends here.
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

// `rest`: from a record that is not whole to the end of its block. Its length may be what is wrong.
void LogReader::lose(std::string_view rest) {
  damaged_ = true;
  within_ = false;
  goes_on_ = goes_on_ || holds_record(rest);
}

void LogOutline::take(std::string_view block) {
  if (unused_) doubtful_ = doubtful_ || !is_empty(block);
  while (!unused_ && block.size() >= kHeaderSize) {
    const Header header = header_of(block);
    unused_ = header.unused();
    const bool goes_on = !unused_ && fits(header, block);
    if (!goes_on) {
      doubtful_ = doubtful_ || !unused_ || !is_empty(block);
      return;
    }
    block.remove_prefix(kHeaderSize + header.length);
  }
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
