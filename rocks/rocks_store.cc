#include "rocks/rocks_store.h"

#include "rocks/change_writer.h"
#include "rocks/disk_room.h"
#include "rocks/engine_figures.h"
#include "rocks/job_listing.h"
#include "rocks/lane_index.h"
#include "rocks/rocks_database.h"
#include "rocks/rocks_open.h"
#include "rocks/row_reader.h"
#include "rocks/tally.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/version.h>

#include <utility>

namespace signpost::rocks {

namespace {

// Ties the parts together: one writes, the others read.
class RocksStore final : public queue::Store {
 public:
  RocksStore(const std::string& directory, Opened opened, const Options& options)
      : options_(options),
        database_(std::move(opened.database)),
        reader_(*database_, directory),
        tally_(opened.totals, opened.first),
        writer_(reader_, tally_, options) {}

  Result<void> apply(std::span<const queue::Change* const> changes) override {
    return writer_.apply(changes);
  }

  Result<queue::Envelope> envelope(const queue::MessageId& id) const override {
    return reader_.envelope(id);
  }
  Result<std::string> content(const queue::MessageId& id) const override {
    return reader_.content(id);
  }
  Result<std::vector<queue::Job>> jobs_of(const queue::MessageId& id) const override {
    return reader_.jobs_of(id);
  }
  Result<std::optional<queue::Job>> job(const queue::JobRef& ref) const override {
    return reader_.job(ref);
  }

  Result<queue::JobPage> jobs(const queue::JobFilter& filter, const queue::Cursor& from,
                              std::size_t limit) const override {
    return list_jobs(reader_, filter, from, limit);
  }
  Result<queue::LanePage> lanes(const queue::Cursor& from, std::size_t limit) const override {
    return list_lanes(reader_, from, limit);
  }
  Result<queue::LaneCounts> count_waiting(const queue::Cursor& from,
                                          std::size_t limit) const override {
    return rocks::count_waiting(reader_, from, limit);
  }
  Result<queue::ClaimedJobs> claim_due(const queue::Lane& lane, const queue::LanePosition& from,
                                       SystemTime until, std::size_t limit) override {
    return rocks::claim_due(reader_, claims(), lane, from, until, limit);
  }
  Result<queue::OverdueJobs> overdue(const queue::Lane& lane, const queue::LanePosition& from,
                                     SystemTime until, SystemTime accepted_until, bool notified,
                                     std::size_t limit) const override {
    return find_overdue(reader_, lane, from, until, accepted_until, notified, limit);
  }

  queue::Totals totals() const override { return tally_.totals(); }
  std::optional<SystemTime> oldest(queue::JobState state) const override {
    return find_oldest(reader_, *this, tally_, state);
  }
  queue::Health health() const override;
  double figure(queue::EngineFigure which) const override {
    return engine_figure(*database_, which);
  }
  Result<void> reclaim_space(std::atomic<bool>& cancelled) override;
  std::string engine_text() const override;

 private:
  rocksdb::DB& db() const { return database_->db(); }

  // Constant after open_store().
  const Options options_;
  const std::unique_ptr<Database> database_;
  const RowReader reader_;

  // Shared.
  mutable Tally tally_;  // a search for the oldest message records its progress there

  // The writing thread's.
  ChangeWriter writer_;
};

queue::Health RocksStore::health() const {
  const double octets = engine_figure(*database_, queue::EngineFigure::MemoryBytes);
  return {.needs_restart = reader_.needs_restart(),
          .pending_bytes = static_cast<std::uint64_t>(octets)};
}

// Writing removals out frees the log files that hold them and the mail they remove. If
// the disk has no room for what the memtables hold, writing them out would fail, and after that not
// even a removal could be stored; once everything is removed, nothing of them needs writing.
Result<void> RocksStore::reclaim_space(std::atomic<bool>& cancelled) {
  const auto room = disk_room(reader_.directory());
  const queue::Totals left = totals();
  const bool empty = left.ready + left.deferred + left.held == 0;
  if (room && room->free < health().pending_bytes && !empty) return {};
  rocksdb::Status status = db().Flush(rocksdb::FlushOptions(), database_->mail_families());
  rocksdb::CompactRangeOptions all;
  all.canceled = &cancelled;
  all.exclusive_manual_compaction = false;
  for (rocksdb::ColumnFamilyHandle* each : database_->mail_families()) {
    if (status.ok()) status = db().CompactRange(all, each, nullptr, nullptr);
  }
  if (!status.ok() && !status.IsIncomplete()) return failure(status, "reclaiming space");
  return {};
}

std::string RocksStore::engine_text() const {
  return "RocksDB " + rocksdb::GetRocksVersionAsString() + ", format " + std::to_string(kFormat) +
         ", memtables of " + std::to_string(options_.write_buffer_size >> 20) + " MiB" +
         (options_.sync ? "" : ", NOT SYNCED");
}

}  // namespace

Result<std::unique_ptr<queue::Store>> open_store(const std::string& directory,
                                                 const Options& options) {
  auto opened = open_queue(directory, options);
  if (!opened) return Failure(std::move(opened).error());
  return std::make_unique<RocksStore>(directory, std::move(*opened), options);
}

}  // namespace signpost::rocks
