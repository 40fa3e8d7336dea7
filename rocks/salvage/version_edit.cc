#include "rocks/salvage/version_edit.h"

#include "rocks/salvage/variable_number.h"

#include <algorithm>

namespace signpost::rocks {

namespace {

// RocksDB writes them in this order of kinds; the files that it adds come next.
enum Tag : std::uint64_t {
  kDatabaseId = (1 << 13) + 1,
  kComparator = 1,
  kLogNumber = 2,
  kPreviousLogNumber = 9,
  kNextFileNumber = 3,
  kMaxColumnFamily = 203,
  kMinLogNumberToKeep = 10,
  kLastSequence = 4,
  kCompactCursor = 5,
  kDeletedFile = 6,
};

bool skip(std::string_view& record, std::uint64_t octets) {
  if (octets > record.size()) return false;
  record.remove_prefix(static_cast<std::size_t>(octets));
  return true;
}

}  // namespace

VersionEdit read_version_edit(std::string_view record) {
  VersionEdit edit;
  while (const auto tag = take_number(record)) {
    const auto value = take_number(record);  // for a text its length, for a file its level
    if (!value) break;
    switch (*tag) {
      case kNextFileNumber:
        edit.next_file_number = value;
        break;
      case kComparator:
      case kDatabaseId:
        if (!skip(record, *value)) return edit;
        break;
      case kCompactCursor: {
        const auto size = take_number(record);
        if (!size || !skip(record, *size)) return edit;
        break;
      }
      case kDeletedFile: {
        const auto file = take_number(record);
        if (!file) return edit;
        edit.deleted_files.push_back(*file);
        break;
      }
      case kLogNumber:
      case kPreviousLogNumber:
      case kMaxColumnFamily:
      case kMinLogNumberToKeep:
      case kLastSequence:
        break;
      default:
        return edit;
    }
  }
  return edit;
}

}  // namespace signpost::rocks
