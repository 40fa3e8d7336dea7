#include "rocks/salvage/version_edit.h"

#include "rocks/salvage/variable_number.h"

#include <algorithm>

namespace signpost::rocks {

namespace {

// What comes in a record before the number: RocksDB writes in this order.
enum Tag : std::uint64_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFileNumber = 3,
  kPreviousLogNumber = 9,
  kDatabaseId = (1 << 13) + 1,
};

}  // namespace

std::optional<std::uint64_t> next_file_number(std::string_view record) {
  while (const auto tag = take_number(record)) {
    const auto value = take_number(record);  // for a text: its length
    if (!value) return std::nullopt;
    switch (*tag) {
      case kNextFileNumber:
        return value;
      case kComparator:
      case kDatabaseId:
        record.remove_prefix(
            static_cast<std::size_t>(std::min<std::uint64_t>(*value, record.size())));
        break;
      case kLogNumber:
      case kPreviousLogNumber:
        break;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace signpost::rocks
