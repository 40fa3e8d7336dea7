// The lanes that have work for one receiver, and which one's turn it is.
#pragma once

#include "delivery/pending_job.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>

namespace signpost::delivery {

struct Lane;

// One lane's place in a line. Its owner changes the members and then calls JobLine::update().
struct LaneTurn {
  Lane* lane = nullptr;        // whose it is
  std::list<PendingJob> jobs;  // in memory, in the order in which they go
  bool stored = false;         // more are due in the store
  bool reading = false;        // some of those are being read

 private:
  friend class JobLine;
  std::int64_t deficit_ = 0;  // recipients that may go in this turn
  bool is_ready_ = false;
  bool is_unread_ = false;
  std::size_t counted_ = 0;  // how many of `jobs` are in the line's sum
  std::list<LaneTurn*>::iterator ready_;
  std::list<LaneTurn*>::iterator unread_;
};

// Pure. Deficit round robin over the lanes that have jobs in memory, counted in recipients: an
// account that sends much to a receiver does not hold up one that sends little. Lanes with jobs in
// the store queue to be read, each once a round.
class JobLine {
 public:
  static constexpr std::int64_t kQuantum = 10;  // recipients a turn
  static constexpr std::size_t kFew = 4;        // jobs in memory: with fewer, a lane is read again

  // Moves `lane` to where its members say it belongs. It must keep its place in memory until
  // remove().
  void update(LaneTurn& lane);
  void remove(LaneTurn& lane);

  // The next job, and its lane.
  struct Taken {
    PendingJob job;
    LaneTurn* lane = nullptr;
  };
  std::optional<Taken> take();

  // The next lane to be read, taken from the queue of such lanes; null when there is none. The
  // caller sets `reading`, and calls update() when the read is over.
  LaneTurn* next_unread();

  std::size_t jobs() const { return jobs_; }             // in memory
  std::size_t ready() const { return ready_.size(); }    // lanes with jobs in memory
  std::size_t unread() const { return unread_.size(); }  // lanes
  bool empty() const { return jobs_ == 0 && unread_.empty(); }
  // The lane whose turn comes next, to be served or else to be read; null when there is none.
  const LaneTurn* first() const {
    if (!ready_.empty()) return ready_.front();
    return unread_.empty() ? nullptr : unread_.front();
  }
  const std::list<LaneTurn*>& ready_lanes() const { return ready_; }
  const std::list<LaneTurn*>& unread_lanes() const { return unread_; }
  // A lane with jobs in memory, for emptying the line; null when there is none.
  LaneTurn* any_ready() const { return ready_.empty() ? nullptr : ready_.front(); }

 private:
  std::list<LaneTurn*> ready_;
  std::list<LaneTurn*> unread_;
  std::size_t jobs_ = 0;
};

}  // namespace signpost::delivery
