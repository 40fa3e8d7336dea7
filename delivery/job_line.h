// The lanes that have work for one receiver, and which one's turn it is.
#pragma once

#include "delivery/lane_share.h"
#include "delivery/pending_job.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::delivery {

struct Lane;
struct LaneTurn;

// Lanes of one owner, the one with the highest rank first, and among equals the one whose turn was
// longest ago.
struct TurnOrder {
  int rank = 0;
  std::uint64_t turn = 0;
  friend bool operator<(const TurnOrder& one, const TurnOrder& other) {
    return one.rank != other.rank ? one.rank > other.rank : one.turn < other.turn;
  }
};
using LaneTurns = std::map<TurnOrder, LaneTurn*>;

// What a line knows of one owner.
struct OwnerTurn {
  using Place = std::list<OwnerTurn*>::iterator;

  LaneTurns ready;   // with jobs in memory
  LaneTurns unread;  // with jobs in the store, to be read
  std::size_t lanes = 0;
  std::size_t busy = 0;      // lanes with anything to do
  std::int64_t deficit = 0;  // recipients that may go in this turn
  // Where it is among the owners for which each of these is so.
  std::optional<Place> is_ready, is_unread, is_urgent;
};

// One lane's place in a line. Its owner changes the members and then calls JobLine::update().
struct LaneTurn {
  Lane* lane = nullptr;        // whose it is
  std::list<PendingJob> jobs;  // in memory, in the order in which they go
  bool stored = false;         // more are due in the store
  bool reading = false;        // some of those are being read

 private:
  friend class JobLine;
  const std::string* name_ = nullptr;  // of its owner; null outside a line
  OwnerTurn* owner_ = nullptr;
  int rank_ = 0;
  bool is_busy_ = false;
  std::size_t counted_ = 0;  // how many of `jobs` are in the line's sum
  std::optional<LaneTurns::iterator> ready_, unread_;
};

// Pure. Deficit round robin over the owners whose lanes have jobs in memory, counted in recipients:
// one that sends much to a receiver, to however many domains, does not hold up one that sends
// little. Within an owner's turn the lane with the highest rank goes first; lanes of equal rank
// take turns. Lanes with jobs in the store queue to be read, each once a round, likewise.
class JobLine {
 public:
  static constexpr std::int64_t kQuantum = 10;  // recipients a turn
  static constexpr std::size_t kFew = 4;        // jobs in memory: with fewer, a lane is read again

  // The lane takes its place, which it must keep in memory until remove(). Before update().
  void add(LaneTurn& lane, const LaneShare& share);
  // Moves `lane` to where its members say it belongs.
  void update(LaneTurn& lane);
  void remove(LaneTurn& lane);

  // The next job, and its lane.
  struct Taken {
    PendingJob job;
    LaneTurn* lane = nullptr;
  };
  std::optional<Taken> take();

  // The next lane to be read, taken from the queue of such lanes; null when there is none. An owner
  // whose mail in the store goes before its mail in memory comes before the others. The caller sets
  // `reading`, and calls update() when the read is over.
  LaneTurn* next_unread();

  std::size_t jobs() const { return jobs_; }      // in memory
  std::size_t ready() const { return ready_; }    // lanes with jobs in memory
  std::size_t unread() const { return unread_; }  // lanes
  bool empty() const { return jobs_ == 0 && unread_ == 0; }
  // Whether an owner has mail in the store that goes before its mail in memory.
  bool has_urgent_unread() const { return !urgent_owners_.empty(); }
  // Whether the lane, which is to be read, goes before others of its owner, or has none beside it.
  bool goes_early(const LaneTurn& lane) const;
  // The lane whose turn comes next, to be served or else to be read; null when there is none.
  const LaneTurn* first() const;
  // For the log and the like: all of them, in an order of their turns.
  std::vector<const LaneTurn*> ready_lanes() const { return lanes(&OwnerTurn::ready); }
  std::vector<const LaneTurn*> unread_lanes() const { return lanes(&OwnerTurn::unread); }
  // What there is of each owner: the highest rank of his mail. Of so many owners at most, by turn.
  std::vector<LaneShare> owners(std::size_t most) const;
  // Of the lane that first() gives. REQUIRES: there is one
  LaneShare first_share() const;
  // The owner's mail goes next, if there is any in memory.
  void go_first(const std::string& owner);
  // A lane with jobs in memory, for emptying the line; null when there is none.
  LaneTurn* any_ready() const;

 private:
  using Owners = std::list<OwnerTurn*>;

  std::vector<const LaneTurn*> lanes(LaneTurns OwnerTurn::* which) const;
  TurnOrder next_turn(const LaneTurn& lane) { return {lane.rank_, ++turns_}; }
  // Each moves one to where it belongs, and remembers its place there.
  void put(LaneTurns& turns, std::size_t& count, LaneTurn& lane,
           std::optional<LaneTurns::iterator>& place, bool belongs);
  static void put(Owners& owners, OwnerTurn& owner, std::optional<OwnerTurn::Place>& place,
                  bool belongs);
  void settle(OwnerTurn& owner);

  std::unordered_map<std::string, OwnerTurn> owners_;  // of all lanes that have a place
  Owners ready_owners_, unread_owners_, urgent_owners_;
  std::uint64_t turns_ = 0;
  std::size_t jobs_ = 0, ready_ = 0, unread_ = 0;
};

}  // namespace signpost::delivery
