// RocksDB's write-ahead log as it lies on the disk, for the case that RocksDB cannot read it:
// blocks of 32 KiB, filled with records, each with a checksum of its own. A MANIFEST is written the
// same way.
//
// Pure; has a fuzz target.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace signpost::rocks {

// Reads the files of a log, the oldest first, past all damage.
class LogReader {
 public:
  using Found = std::function<void(std::string_view record)>;

  // Calls `found` with each whole record of `file`.
  void read(std::string_view file, const Found& found);
  // Appends what they hold to `records`, one after the other.
  void read(std::string_view file, std::string& records);

  // After a record that is not whole, another one begins and is whole. A write that a
  // crash cut short is the last one: nothing that begins after it is whole, unless a mail in it
  // was made to look like a record. So this is damage, and what it hit may have been acknowledged.
  bool goes_on_past_damage() const { return goes_on_; }

  // Where the last whole record before all damage ends, in octets from the start of the first file.
  std::uint64_t whole() const { return whole_; }

 private:
  void read_block(std::string_view block, std::uint64_t used, const Found& found);
  bool take(std::uint32_t type, std::string_view octets, const Found& found);
  void lose(std::string_view rest);

  bool damaged_ = false;
  bool goes_on_ = false;
  bool within_ = false;  // a record that began in `part_`
  std::uint64_t read_ = 0;
  std::uint64_t whole_ = 0;
  std::string part_;
};

// Looks for what RocksDB silently takes for the end of a log or of a block: zeros where a
// record would begin, and a length that goes past the end.
class LogOutline {
 public:
  // The next block of a file, complete except for the last one.
  void take(std::string_view block);
  // There may be more after such a place. LogReader finds out.
  bool doubtful() const { return doubtful_; }

 private:
  bool unused_ = false;
  bool doubtful_ = false;
};
constexpr std::size_t kLogBlockSize = 32 << 10;

// The octets of a log file without the headers at the start of each of its blocks: what
// remains of a record is in one piece then.
std::string without_block_headers(std::string file);

// CRC-32C (Castagnoli), as in RFC 3720 section 12.1.
std::uint32_t crc32c(std::string_view octets);
// The same as RocksDB stores it, so that a checksum of octets that hold checksums stays one.
std::uint32_t masked_crc32c(std::string_view octets);

}  // namespace signpost::rocks
