// Where the queue survives a crash. An engine implements Store; no user of the queue knows which
// one it has. The suite in tests/queue/store_conformance.h holds every engine to this contract.
#pragma once

#include "base/result.h"
#include "queue/claims.h"
#include "queue/envelope.h"
#include "queue/pattern.h"

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::queue {

// One indivisible step of the queue: all of it is stored, or nothing. Applied in the order of the
// members. Jobs in `removed` and `replaced` are as they are stored; a version that is no
// longer stored came too late: it is logged and left out, and the rest is applied.
struct Change {
  struct Enqueued {
    std::shared_ptr<const Message> message;
    std::vector<Job> jobs;  // numbers 0 … job_count - 1, revision 0
  };
  struct Replaced {
    Job before;  // as stored
    Job after;   // ref: the same id and number, revision + 1
  };
  std::vector<Enqueued> enqueued;
  std::vector<Job> removed;  // as stored; a message whose last job goes is deleted whole
  std::vector<Replaced> replaced;

  std::size_t size() const;  // octets to be written, roughly
  bool empty() const { return enqueued.empty() && removed.empty() && replaced.empty(); }
};

// A place in a listing: opaque, of one store and one kind of listing. Empty: the start.
using Cursor = std::string;

// Which jobs are meant; empty members do not restrict.
struct JobFilter {
  std::optional<MessageId> id{};
  std::optional<MessageId> until{};    // no message that was accepted behind this one
  std::optional<AddressPattern> to{};  // one of the recipients
  std::optional<LoginPattern> login{};
  std::optional<AddressPattern> from{};  // the reverse-path, which is not the null one
  bool from_null = false;                // the reverse-path is the null one
  std::optional<JobState> state{};
};

struct QueuedJob {
  Job job;
  Envelope envelope;
};

struct JobPage {
  std::vector<QueuedJob> jobs;
  Cursor next;       // where to continue: give it to the next call
  bool end = false;  // nothing more matched when this page was read
};

// A lane that has waiting jobs, ready or deferred.
struct WaitingLane {
  Lane lane;
  SystemTime due;  // of its first job
};

struct LanePage {
  std::vector<WaitingLane> lanes;
  Cursor next;
  bool end = false;
};

// How many jobs wait in each lane, of the rows that were looked at.
struct LaneCounts {
  std::vector<std::pair<Lane, std::uint64_t>> lanes;
  Cursor next;
  bool end = false;
};

// A place in a lane. Its waiting jobs are ordered by due time, then by their names.
struct LanePosition {
  SystemTime due{};
  JobRef ref;
  friend auto operator<=>(const LanePosition&, const LanePosition&) = default;
};

inline LanePosition position_of(const Job& job) { return {job.due, job.ref}; }
LanePosition position_after(const LanePosition& position);  // the smallest one after it
LanePosition first_position_after(SystemTime due);          // after all that are due at `due`

// What claim_due() found, and where the lane continues. A job committed meanwhile, or later,
// with a place before `next` is not found by continuing from there: the caller must compare the
// places of new jobs with its own.
struct ClaimedJobs {
  std::vector<Job> jobs;  // claimed for the caller
  // Where to continue: the first place not examined yet. With `end` that is the first one that
  // is due later than `until`, or `from` if that is later still.
  LanePosition next;
  bool end = false;               // no job due until `until` follows
  std::optional<SystemTime> due;  // of the first job after `next`, whenever it is due
};

// What is overdue in a lane: see Store::overdue().
struct OverdueJobs {
  std::vector<JobRef> jobs;
  LanePosition next;
  bool end = false;
};

struct Totals {
  std::uint64_t ready = 0, deferred = 0, held = 0;  // jobs
  std::uint64_t recipients = 0;                     // of all of them
};

// The state of the engine.
struct Health {
  // A write failed, or an index cannot be read, in a way that only reopening the store repairs.
  bool needs_restart = false;
  // Octets in memory that have yet to be written to data files.
  std::uint64_t pending_bytes = 0;
};

// What the engine measures of itself. Octets, counts since it was opened, and 1 or 0.
enum class EngineFigure : std::uint8_t {
  MemoryBytes,             // in memory, and yet to be written to data files
  FileBytes,               // in data files, removed rows included
  CompactionPendingBytes,  // that it means to rewrite
  WriteSlowdowns,          // writes were slowed because the disk could not follow
  WriteStops,              // or stopped
  WritesStopped,           // are at present
};

// Reads and claims may come from any thread, apply() from one thread only (the committer's).
class Store {
 public:
  virtual ~Store() = default;

  // Stores all of `changes` in one synced write. A failed write leaves nothing behind that a
  // reopened store would show, and may be tried again. Without changes it writes all the same,
  // which shows whether writing works.
  virtual Result<void> apply(std::span<const Change* const> changes) = 0;

  // --- one message ---
  virtual Result<Envelope> envelope(const MessageId& id) const = 0;  // NotFound, Corrupt
  virtual Result<std::string> content(const MessageId& id) const = 0;
  virtual Result<std::vector<Job>> jobs_of(const MessageId& id) const = 0;
  // The version of a job that is stored now, whatever the revision in `ref`; nothing when it is
  // gone.
  virtual Result<std::optional<Job>> job(const JobRef& ref) const = 0;

  // --- listings ---
  // The jobs that match `filter`, with their envelopes, in the order of acceptance. Examines a
  // bounded number of rows: a page may be empty although more follow. Rows that cannot be read are
  // skipped and logged; jobs whose message has gone meanwhile are skipped.
  virtual Result<JobPage> jobs(const JobFilter& filter, const Cursor& from,
                               std::size_t limit) const = 0;
  // The lanes with waiting jobs, each once, in an order of the store's own. Goes from lane to lane,
  // not from job to job.
  virtual Result<LanePage> lanes(const Cursor& from, std::size_t limit) const = 0;
  // Counts the waiting jobs of the lanes, looking at about `limit` rows of the index from `from`
  // on: a lane with many comes in several pages.
  virtual Result<LaneCounts> count_waiting(const Cursor& from, std::size_t limit) const = 0;

  // --- waiting jobs, to work on ---
  // Claims jobs of `lane` that are due until `until`, from `from` on, at most `limit` of them, and
  // returns them as they are stored. Skips claimed ones. After an error nothing is claimed.
  virtual Result<ClaimedJobs> claim_due(const Lane& lane, const LanePosition& from,
                                        SystemTime until, std::size_t limit) = 0;
  // Claims one job and returns its stored version; nothing when it is claimed already or gone.
  Result<std::optional<Job>> claim(const JobRef& ref);
  Claims& claims() { return claims_; }
  const Claims& claims() const { return claims_; }
  // The state of `job` with its claim: a deferred one that is claimed is being tried again, which
  // makes it ready.
  JobState state_now(const Job& job) const {
    const bool again = job.state == JobState::Deferred && claims_.contains(job.ref);
    return again ? JobState::Ready : job.state;
  }
  // The jobs of `lane` that are due until `until` and were accepted until `accepted_until`, from
  // `from` on; those whose sender already had a notice of delay only if `notified`. With that, also
  // those that have a deadline, whatever their age: only their envelopes say whether it has
  // passed. Examines no more than `limit` rows of the index: no job is read, none is claimed.
  virtual Result<OverdueJobs> overdue(const Lane& lane, const LanePosition& from, SystemTime until,
                                      SystemTime accepted_until, bool notified,
                                      std::size_t limit) const = 0;

  // --- the store as a whole; any thread ---
  virtual Totals totals() const = 0;  // kept up to date by apply()
  // The time of acceptance of the oldest message with a job in `state`, examining no more than a
  // bounded number of rows; nothing when none was found. States are those of state_now().
  virtual std::optional<SystemTime> oldest(JobState state) const = 0;
  virtual Health health() const = 0;
  virtual double figure(EngineFigure /*which*/) const { return 0; }  // of one that measures nothing
  virtual std::string engine_text() const = 0;  // for logs: "RocksDB 7.8.3, format 2, …"

  // --- maintenance ---
  // Returns the space of removed mail to the file system now rather than gradually. Blocks, up to
  // minutes, until it is done or `cancelled` becomes true; any thread, one call at a time. Writes
  // and reads continue. An engine that has nothing to return does so at once.
  virtual Result<void> reclaim_space(std::atomic<bool>& cancelled) = 0;

 private:
  Claims claims_;
};

}  // namespace signpost::queue
