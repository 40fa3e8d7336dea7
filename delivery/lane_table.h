// Every lane that has waiting mail, and when each needs attention next.
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

// A million of them may wait, so members that only active ones need are kept apart.
struct Lane {
  struct Active {
    LaneTurn turn;  // in the line of `site`, once that is known
    // Where the next read continues; while `reading`, where the read under way began.
    queue::LanePosition position;
    // The first of the jobs stored while `reading`.
    std::optional<queue::LanePosition> meanwhile;
    std::size_t asked = 0;  // jobs that the read under way may bring
    // Jobs that share this verdict instead of going to a site, and how many of them.
    std::optional<Disposition> verdict;
    AttemptFacts verdict_facts;
    std::size_t verdicts = 0;
    std::uint32_t look_up_epoch = 0;  // of the configuration at the start of its look-up
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
  // In the queue of its site's parked lanes, or in that of lanes to look up; not forgotten
  // while it is.
  bool parked = false;
  bool queued = false;
  // It waits in a queue to be read from `first` on, and needs nothing more: without `active`.
  bool dormant = false;
  SystemTime first{};
};

std::string lane_key(const queue::Lane& lane);
queue::Lane lane_named(const std::string& key);

// Pure; belongs to one thread. A lane keeps its place in memory until forget().
class LaneTable {
 public:
  Lane* find(const queue::Lane& name);
  Lane& find_or_make(const queue::Lane& name);
  void forget(Lane& lane);
  std::size_t size() const { return lanes_.size(); }

  // The lane needs attention at `time`: it becomes due, is overdue, or may be forgotten.
  void wake_at(Lane& lane, SystemTime time);
  void wake_by(Lane& lane, SystemTime time);  // unless it is to wake sooner
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
  std::string key_;          // of the name being searched
};

}  // namespace signpost::delivery
