// Every lane that has waiting mail, and when each is to be looked at next.
#pragma once

#include "base/clock.h"
#include "delivery/attempt_facts.h"
#include "delivery/back_off.h"
#include "delivery/job_line.h"
#include "queue/lane.h"
#include "queue/store.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::delivery {

struct Site;

// A million of them may wait, so what only those need that have something to do now is apart.
struct Lane {
  struct Active {
    LaneTurn turn;  // in the line of `site`, once that is known
    // Where the store is read on; while `reading`, where the read under way began.
    queue::LanePosition position;
    // The first of those that were stored while `reading`.
    std::optional<queue::LanePosition> meanwhile;
    std::size_t asked = 0;  // jobs that the read under way may bring
    // Jobs that share this verdict instead of going to a site, and how many of them.
    std::optional<Disposition> verdict;
    AttemptFacts verdict_facts;
    std::size_t verdicts = 0;
    std::uint32_t look_up_epoch = 0;  // of the configuration that its look-up began with
    bool in_line = false;
    bool looking_up = false;
  };

  const std::string* key = nullptr;  // encoded name; lives as long as the lane
  std::shared_ptr<Site> site;        // where its mail went last
  SteadyTime route_good_until{};
  SystemTime wake = SystemTime::max();  // see LaneTable
  std::size_t heap_index = std::numeric_limits<std::size_t>::max();
  std::unique_ptr<Active> active;
  std::unique_ptr<BackOff> trouble;  // its names cannot be looked up
  std::uint32_t route_epoch = 0;
  bool lingering = false;  // nothing waits: forgotten when its time comes
  // Named in the queue of its site's parked lanes, in that of those to be looked up; not forgotten
  // while it is.
  bool parked = false;
  bool queued = false;
  // It waits in a queue to be read from `first` on, and that is all it costs: without `active`.
  bool dormant = false;
  SystemTime first{};
};

std::string lane_key(const queue::Lane& lane);
queue::Lane lane_named(const std::string& key);

// Pure; one thread's. A lane stays where it is in memory until forget().
class LaneTable {
 public:
  Lane* find(const queue::Lane& name);
  Lane& find_or_make(const queue::Lane& name);
  void forget(Lane& lane);
  std::size_t size() const { return lanes_.size(); }

  // The lane is to be looked at at `time`: it becomes due, is overdue, or may be forgotten.
  void wake_at(Lane& lane, SystemTime time);
  void wake_by(Lane& lane, SystemTime time);  // then, unless sooner already
  bool has_time(const Lane& lane) const;
  // The lane whose time has come, with `wake` as it was; it has none from now on. Null: none until
  // next_time().
  Lane* next_due(SystemTime now);
  SystemTime next_time() const;  // max: none

  template <typename Visit>
  void for_each(Visit visit) {
    for (auto& [key, lane] : lanes_) visit(lane);
  }

 private:
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);
  void place(std::size_t index, Lane* lane);
  void leave_heap(Lane& lane);

  std::unordered_map<std::string, Lane> lanes_;
  std::vector<Lane*> heap_;  // by `wake`, the earliest first
  std::string key_;          // of the name that is looked for
};

}  // namespace signpost::delivery
