// Single rows of a queue, and what follows from a row that cannot be read.
#pragma once

#include "base/result.h"
#include "queue/store.h"
#include "rocks/rocks_database.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::rocks {

// Any thread.
class RowReader {
 public:
  // `database` must outlive the reader.
  RowReader(const Database& database, std::string directory)
      : database_(database), directory_(std::move(directory)) {}

  Result<queue::Envelope> envelope(const queue::MessageId& id) const;
  Result<std::string> content(const queue::MessageId& id) const;
  Result<std::vector<queue::Job>> jobs_of(const queue::MessageId& id) const;
  Result<std::uint32_t> count_jobs(const queue::MessageId& id) const;  // also unreadable ones
  // The stored version, whatever the revision in `ref`.
  Result<std::optional<queue::Job>> job(const queue::JobRef& ref) const;
  // Exactly that version; nothing when it is gone or its row is malformed.
  Result<std::optional<queue::Job>> version(const queue::JobRef& ref) const;
  Result<bool> has_version(const queue::JobRef& ref) const;

  // Damage found while reading one message's rows affects that message only: the rest works, and
  // the next start finds out how far it extends.
  Failure read_failed(const rocksdb::Status& status, std::string_view what) const;
  // An index that cannot be read to its end stops more than one message: the restart must not wait.
  Failure scan_failed(const rocksdb::Status& status, std::string_view what) const;
  void ask_for_restart() const { needs_restart_.store(true, std::memory_order_relaxed); }
  bool needs_restart() const { return needs_restart_.load(std::memory_order_relaxed); }

  const Database& database() const { return database_; }
  const std::string& directory() const { return directory_; }

 private:
  rocksdb::Status get(Family family, std::string_view key, rocksdb::PinnableSlice& row) const {
    return database_.db().Get(rocksdb::ReadOptions(), database_[family], slice(key), &row);
  }

  // Constant after construction.
  const Database& database_;
  const std::string directory_;

  // Shared.
  mutable std::atomic<bool> needs_restart_{false};
  mutable std::atomic<bool> damaged_{false};
};

}  // namespace signpost::rocks
