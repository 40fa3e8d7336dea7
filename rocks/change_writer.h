// Makes one batch of a group of changes and writes it, with one sync.
#pragma once

#include "base/result.h"
#include "queue/store.h"
#include "rocks/job_counts.h"
#include "rocks/options.h"
#include "rocks/row_reader.h"
#include "rocks/tally.h"

#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace signpost::rocks {

// Belongs to the writing thread.
class ChangeWriter {
 public:
  // Both must outlive the writer.
  ChangeWriter(const RowReader& reader, Tally& tally, const Options& options);

  Result<void> apply(std::span<const queue::Change* const> changes);

 private:
  // What one apply() gathers before it writes.
  struct Group {
    rocksdb::WriteBatch batch;
    std::vector<queue::JobRef> added;
    std::vector<queue::JobRef> removed;
    Tally::Delta counts{};
    SystemTime first = SystemTime::max();
    std::size_t old_removals = 0;  // messages removed that JobCounts had forgotten

    void clear();
  };

  Result<void> gather(const queue::Change& change);  // its effect on stored messages
  void enqueue(const queue::Change::Enqueued& enqueued);
  Result<void> remove(const queue::Job& job);
  Result<void> replace(const queue::Change::Replaced& replaced);
  void put_job(const queue::Job& job);
  void drop_job(const queue::Job& job);
  Result<JobCounts::Count*> count_of(const queue::MessageId& id);
  Result<bool> is_stored(const queue::JobRef& ref, const JobCounts::Count& count) const;

  Result<void> find_room();
  Result<void> resume();
  Result<void> write_failed(const rocksdb::Status& status);
  void flush_old_removals();

  rocksdb::DB& db() const { return reader_.database().db(); }
  rocksdb::ColumnFamilyHandle* family(Family family) const { return reader_.database()[family]; }

  // Constant after construction.
  const RowReader& reader_;
  Tally& tally_;
  rocksdb::WriteOptions write_options_;

  Group group_;
  std::string key_;  // reused for each row
  std::string row_;
  JobCounts counts_;
  std::size_t old_removals_ = 0;
  bool failed_ = false;
  Error last_failure_;
  std::chrono::steady_clock::time_point next_resume_{};
};

}  // namespace signpost::rocks
