#include "delivery/lane_table.h"

#include "base/check.h"

#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

// None of the parts can contain it: domains are checked, and AUTH separates logins with it.
constexpr char kSeparator = '\0';

void encode(const queue::Lane& lane, std::string& key) {
  key.assign(lane.domain);
  key.push_back(kSeparator);
  key.append(lane.account);
  key.push_back(kSeparator);
  key.append(lane.route);
  key.push_back(kSeparator);
  key.push_back(static_cast<char>(lane.priority));
}

}  // namespace

std::string lane_key(const queue::Lane& lane) {
  std::string key;
  encode(lane, key);
  return key;
}

queue::Lane lane_named(const std::string& key) {
  const std::size_t account = key.find(kSeparator) + 1;
  const std::size_t route = key.find(kSeparator, account) + 1;
  const std::size_t priority = key.find(kSeparator, route) + 1;
  return {key.substr(0, account - 1), key.substr(account, route - 1 - account),
          key.substr(route, priority - 1 - route), static_cast<signed char>(key[priority])};
}

Lane* LaneTable::find(const queue::Lane& name) {
  encode(name, key_);
  const auto found = lanes_.find(key_);
  return found == lanes_.end() ? nullptr : &found->second;
}

Lane& LaneTable::find_or_make(const queue::Lane& name) {
  encode(name, key_);
  const auto [entry, fresh] = lanes_.try_emplace(key_);
  if (fresh) entry->second.key = &entry->first;
  return entry->second;
}

void LaneTable::forget(Lane& lane) {
  leave_heap(lane);
  const auto entry = lanes_.find(*lane.key);
  CHECK(entry != lanes_.end());
  lanes_.erase(entry);
}

void LaneTable::place(std::size_t index, Lane* lane) {
  heap_[index] = lane;
  lane->heap_index = index;
}

void LaneTable::sift_up(std::size_t index) {
  Lane* const lane = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (heap_[parent]->wake <= lane->wake) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, lane);
}

void LaneTable::sift_down(std::size_t index) {
  Lane* const lane = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->wake < heap_[child]->wake) ++child;
    if (lane->wake <= heap_[child]->wake) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, lane);
}

void LaneTable::leave_heap(Lane& lane) {
  const std::size_t index = lane.heap_index;
  if (index == kNowhere) return;
  lane.heap_index = kNowhere;
  Lane* const last = heap_.back();
  heap_.pop_back();
  if (last == &lane) return;
  place(index, last);
  sift_up(index);
  sift_down(last->heap_index);
}

void LaneTable::wake_at(Lane& lane, SystemTime time) {
  leave_heap(lane);
  lane.wake = time;
  if (time == SystemTime::max()) return;
  heap_.push_back(&lane);
  sift_up(heap_.size() - 1);
}

void LaneTable::wake_by(Lane& lane, SystemTime time) {
  if (lane.heap_index == kNowhere || time < lane.wake) wake_at(lane, time);
}

Lane* LaneTable::next_due(SystemTime now) {
  if (heap_.empty() || heap_.front()->wake > now) return nullptr;
  Lane* const lane = heap_.front();
  leave_heap(*lane);
  return lane;
}

bool LaneTable::has_time(const Lane& lane) const { return lane.heap_index != kNowhere; }

SystemTime LaneTable::next_time() const {
  return heap_.empty() ? SystemTime::max() : heap_.front()->wake;
}

}  // namespace signpost::delivery
