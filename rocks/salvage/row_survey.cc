#include "rocks/salvage/row_survey.h"

#include <cstdint>
#include <utility>

namespace signpost::rocks {

namespace {

constexpr std::size_t kKeySize = 16;  // no key of content, envelope or job is longer

// `key` as a number of 128 bits, big-endian, plus 2^power. Nothing when that has no such key.
std::string plus_power(const std::string& key, std::size_t power) {
  std::string sum = key;
  sum.resize(kKeySize, '\0');
  unsigned carry = 1U << (power % 8);
  for (std::size_t i = kKeySize - power / 8; i-- > 0 && carry != 0;) {
    carry += static_cast<std::uint8_t>(sum[i]);
    sum[i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  return carry == 0 ? sum : "";
}

}  // namespace

RowSurvey::RowSurvey(const Database& database, Family family, Gap on_gap)
    : rows_(database.scan(family, bounded(nullptr))), on_gap_(std::move(on_gap)) {
  rows_->SeekToFirst();
  settle();
}

void RowSurvey::next() {
  last_.assign(key());
  rows_->Next();
  settle();
}

bool RowSurvey::readable_from(const std::string& key) {
  rows_->Seek(slice(key));
  return rows_->status().ok();
}

// After an unreadable place there is a first key from which reading works: it is found by steps
// that double until one lands beyond the place, then by halving the last one. A damaged block is
// passed with some dozens of reads, however many keys it has.
void RowSurvey::settle() {
  if (rows_->status().ok()) return;
  const rocksdb::Status why = rows_->status();
  std::size_t power = 0;
  for (;; ++power) {
    const std::string probe = power < 8 * kKeySize ? plus_power(last_, power) : "";
    if (probe.empty()) {  // nothing is readable up to the end
      on_gap_(last_, "", why);
      rows_->SeekToLast();
      if (rows_->Valid()) rows_->Next();
      return;
    }
    if (readable_from(probe)) break;
  }
  std::string unreadable = last_;
  std::string readable = plus_power(last_, power);
  while (power-- > 0) {
    const std::string probe = plus_power(unreadable, power);
    if (readable_from(probe)) {
      readable = probe;
    } else {
      unreadable = probe;
    }
  }
  (void)readable_from(readable);
  on_gap_(last_, rows_->Valid() ? std::string(key()) : "", why);
}

}  // namespace signpost::rocks
