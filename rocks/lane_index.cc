#include "rocks/lane_index.h"

#include "rocks/events.h"
#include "rocks/keys.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace signpost::rocks {

namespace {

constexpr int kStepsBeforeASeek = 4;  // a step costs a tenth of a seek

void log_malformed() { log::emit(events::QueueRowCorrupt{.detail = "a lane's key is malformed"}); }

// The rows of one lane from a position on. A scan that began before the position would walk over
// the removals of everything delivered since the last flush.
class LaneRows {
 public:
  LaneRows(const RowReader& reader, const queue::Lane& lane, const queue::LanePosition& from)
      : prefix_(lane_prefix(lane)), end_(after_prefix(prefix_)), upper_(slice(end_)) {
    rows_ = reader.database().scan(kLane, bounded(&upper_));
    rows_->Seek(slice(lane_key(prefix_, from)));
    settle();
  }
  LaneRows(const LaneRows&) = delete;
  LaneRows& operator=(const LaneRows&) = delete;

  bool valid() const { return position_.has_value(); }
  bool due_until(SystemTime until) const { return valid() && position_->due <= until; }
  const queue::LanePosition& position() const { return *position_; }
  bool delay_notified() const { return is_delay_notified(view(rows_->value())); }
  bool has_deadline() const { return rocks::has_deadline(view(rows_->value())); }
  void next() {
    rows_->Next();
    settle();
  }
  rocksdb::Status status() const { return rows_->status(); }

 private:
  void settle() {
    for (position_.reset(); rows_->Valid(); rows_->Next()) {
      if (const auto key = parse_lane_key(view(rows_->key())); key && key->prefix == prefix_) {
        position_ = key->position;
        return;
      }
      log_malformed();
    }
  }

  const std::string prefix_;
  const std::string end_;
  const rocksdb::Slice upper_;
  std::unique_ptr<rocksdb::Iterator> rows_;
  std::optional<queue::LanePosition> position_;
};

// To the first row of the next lane.
void pass_lane(rocksdb::Iterator& rows, const std::string& prefix) {
  for (int step = 0; step < kStepsBeforeASeek; ++step) {
    if (!rows.Valid() || !view(rows.key()).starts_with(prefix)) return;
    rows.Next();
  }
  if (rows.Valid() && view(rows.key()).starts_with(prefix)) rows.Seek(slice(after_prefix(prefix)));
}

}  // namespace

Result<queue::LanePage> list_lanes(const RowReader& reader, const queue::Cursor& from,
                                   std::size_t limit) {
  const auto rows = reader.database().scan(kLane, bounded(nullptr));
  queue::LanePage page;
  page.next = from;
  rows->Seek(slice(from));
  while (rows->Valid() && page.lanes.size() < limit) {
    const auto key = parse_lane_key(view(rows->key()));
    auto lane = key ? parse_lane_prefix(key->prefix) : std::nullopt;
    if (!lane) {
      log_malformed();
      rows->Next();
      continue;
    }
    page.lanes.push_back({std::move(*lane), key->position.due});
    const std::string prefix(key->prefix);
    page.next = after_prefix(prefix);
    pass_lane(*rows, prefix);
  }
  if (!rows->status().ok()) return reader.scan_failed(rows->status(), "reading lanes");
  page.end = !rows->Valid();
  return page;
}

Result<queue::LaneCounts> count_waiting(const RowReader& reader, const queue::Cursor& from,
                                        std::size_t limit) {
  const auto rows = reader.database().scan(kLane, bounded(nullptr));
  queue::LaneCounts counts;
  counts.next = from;
  std::string prefix;
  rows->Seek(slice(from));
  for (; rows->Valid() && limit > 0; rows->Next(), --limit) {
    const std::string_view row = view(rows->key());
    counts.next = std::string(row) + '\0';  // the smallest key behind it
    if (!counts.lanes.empty() && row.starts_with(prefix)) {
      ++counts.lanes.back().second;
      continue;
    }
    const auto key = parse_lane_key(row);
    auto lane = key ? parse_lane_prefix(key->prefix) : std::nullopt;
    if (!lane) {
      log_malformed();
      continue;
    }
    prefix = key->prefix;
    counts.lanes.emplace_back(std::move(*lane), 1);
  }
  if (!rows->status().ok()) return reader.scan_failed(rows->status(), "counting waiting jobs");
  counts.end = !rows->Valid();
  return counts;
}

Result<queue::ClaimedJobs> claim_due(const RowReader& reader, queue::Claims& claims,
                                     const queue::Lane& lane, const queue::LanePosition& from,
                                     SystemTime until, std::size_t limit) {
  LaneRows rows(reader, lane, from);
  queue::ClaimedJobs claimed;
  claimed.next = from;
  const auto give_up = [&](Failure failed) {
    for (const queue::Job& job : claimed.jobs) claims.release(job.ref);
    return failed;
  };
  for (; rows.due_until(until) && claimed.jobs.size() < limit; rows.next()) {
    const queue::JobRef ref = rows.position().ref;
    claimed.next = position_after(rows.position());
    if (!claims.take(ref)) continue;
    // The last holder of the claim may have removed or rewritten the job since the row was read. A
    // version that is stored now stays the current one: nobody else may change it any more.
    auto job = reader.version(ref);
    if (!job) {
      claims.release(ref);
      if (job.error().code == Errc::Corrupt) reader.ask_for_restart();
      return give_up(Failure(std::move(job).error()));
    }
    if (*job) {
      claimed.jobs.push_back(std::move(**job));
    } else {
      claims.release(ref);
    }
  }
  if (!rows.status().ok()) return give_up(reader.scan_failed(rows.status(), "reading a lane"));
  claimed.end = !rows.due_until(until);
  if (claimed.end) claimed.next = std::max(claimed.next, queue::first_position_after(until));
  if (rows.valid()) claimed.due = rows.position().due;
  return claimed;
}

Result<queue::OverdueJobs> find_overdue(const RowReader& reader, const queue::Lane& lane,
                                        const queue::LanePosition& from, SystemTime until,
                                        SystemTime accepted_until, bool notified,
                                        std::size_t limit) {
  LaneRows rows(reader, lane, from);
  queue::OverdueJobs found;
  found.next = from;
  for (; rows.due_until(until) && limit > 0; rows.next(), --limit) {
    const queue::LanePosition& position = rows.position();
    found.next = position_after(position);
    const bool old = position.ref.id.time() <= accepted_until;
    const bool asked = notified || !rows.delay_notified();
    if ((old && asked) || (notified && rows.has_deadline())) found.jobs.push_back(position.ref);
  }
  if (!rows.status().ok()) return reader.scan_failed(rows.status(), "reading a lane");
  found.end = !rows.due_until(until);
  if (found.end) found.next = std::max(found.next, queue::first_position_after(until));
  return found;
}

}  // namespace signpost::rocks
