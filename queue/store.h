// Where the queue survives a crash. RocksDB is one implementation (rocks_store.h).
#pragma once

#include "base/result.h"
#include "queue/envelope.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::queue {

// One indivisible step of the queue: all of it is stored, or nothing. Applied in the order of the
// members; every JobRef in `removed` and `replaced` must be what is stored now.
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

// A position in an index: opaque, comparable within one kind of scan.
using Position = std::string;

struct JobPage {
  std::vector<Job> jobs;
  Position next;     // where to go on: give it to the next call
  bool end = false;  // nothing more matched when this page was read
};

struct Totals {
  std::uint64_t ready = 0, deferred = 0, held = 0;  // jobs
};

// Reads may come from any thread, apply() from one thread only (the committer's).
class Store {
 public:
  virtual ~Store() = default;

  // All of `changes` in one synced write. After a failure the store may be asked again; a failed
  // write has left nothing behind that a reopened store would show.
  virtual Result<void> apply(std::span<const Change* const> changes) = 0;

  virtual Result<Envelope> envelope(const MessageId& id) const = 0;  // NotFound, Corrupt
  virtual Result<std::string> content(const MessageId& id) const = 0;
  virtual Result<std::vector<Job>> jobs_of(const MessageId& id) const = 0;

  // Deferred jobs in the order of their due times, from `from` (empty: the first), due <= `until`.
  virtual Result<JobPage> due(const Position& from, SystemTime until, std::size_t limit) const = 0;
  // All jobs by message id, from `from` (empty: the first). For recovery and listings; skips and
  // logs rows that cannot be read.
  Result<JobPage> jobs(const Position& from, std::size_t limit) const {
    return jobs(from, limit, {});
  }
  // The same, but only rows whose stored form has `containing` in it: a quick way past those that
  // cannot be meant. `limit` is for the rows that are looked at.
  virtual Result<JobPage> jobs(const Position& from, std::size_t limit,
                               std::string_view containing) const = 0;
  // The position of a job's row in due(): a job that is due before the scan's position was missed.
  virtual Position due_position(const Job& job) const = 0;

  virtual Totals totals() const = 0;  // kept up to date by apply(); any thread
  // The time of acceptance of the oldest message with a job in `state`, looking at no more than a
  // bounded number of rows; nothing when none was found.
  virtual std::optional<SystemTime> oldest(JobState state) const = 0;
  // A write failed, or an index cannot be read, in a way that only opening the store anew gets
  // over. Any thread.
  virtual bool needs_restart() const = 0;
  // What is in memory and has to be written to data files yet, in octets. Any thread.
  virtual std::uint64_t pending_bytes() const = 0;
  // Gives the space of removed mail back to the file system now instead of by and by. Blocks, up
  // to minutes, until it is done or `cancelled` becomes true; any thread, one at a time. Writes and
  // reads go on.
  virtual Result<void> reclaim_space(std::atomic<bool>& cancelled) = 0;
  virtual std::string engine_text() const = 0;  // for logs: "RocksDB 7.8.3, format 1, …"
};

}  // namespace signpost::queue
