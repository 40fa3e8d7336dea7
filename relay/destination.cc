#include "relay/destination.h"

#include "base/check.h"
#include "base/random.h"

#include <algorithm>
#include <utility>

namespace signpost::relay {

namespace {

// A dead host is asked again after 5 s, 10 s, 20 s, … but at least every five minutes; each wait is
// stretched by up to a half, so that destinations do not march in step.
std::chrono::milliseconds back_off_delay(unsigned failures) {
  constexpr std::chrono::milliseconds kFirst{5000};
  constexpr std::chrono::milliseconds kLongest{300'000};
  const auto delay = std::min(kLongest, kFirst * (1u << std::min(failures - 1, 10u)));
  return delay + std::chrono::milliseconds(
                     Random::local().below(static_cast<std::uint64_t>(delay.count() / 2)));
}

}  // namespace

bool Destination::may_open(SteadyTime now) const {
  if (connecting_ + connected_ >= hop_.connections || now < not_before_) return false;
  // One connection on its way for each waiting job is enough; after a failure one at all is.
  return connecting_ < (failures_ == 0 ? ready_.size() : 1);
}

// Whoever delivers also signs, so the worker with the fewest connections gets the next one.
std::size_t Destination::reserve(std::size_t preferred) {
  ++connecting_;
  std::size_t chosen = preferred;
  for (std::size_t worker = 0; worker < connections_of_.size(); ++worker) {
    if (connections_of_[worker] < connections_of_[chosen]) chosen = worker;
  }
  ++connections_of_[chosen];
  return chosen;
}

Destination::Pushed Destination::push(PendingJob& job, const NextHop& hop, std::size_t worker,
                                      SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (hop_ != hop) hop_ = hop;
  Pushed pushed;
  if (now < not_before_ && connecting_ + connected_ == 0) {
    pushed.then = Pushed::Then::Defer;
    pushed.failure = last_failure_;
    return pushed;
  }
  if (ready_.size() >= kMaxReady) {
    pushed.then = Pushed::Then::Full;
    return pushed;
  }
  ready_.push_back(std::move(job));
  if (!idle_.empty()) {
    auto chosen = std::ranges::find(idle_, worker, &SessionRef::worker);
    if (chosen == idle_.end()) chosen = std::prev(idle_.end());
    pushed.then = Pushed::Then::Wake;
    pushed.wake = *chosen;
    *chosen = idle_.back();
    idle_.pop_back();
  } else if (may_open(now)) {
    pushed.open = reserve(worker);
    pushed.then = Pushed::Then::Open;
  }
  return pushed;
}

std::optional<PendingJob> Destination::take() {
  const std::lock_guard lock(mutex_);
  if (ready_.empty()) return std::nullopt;
  PendingJob job = std::move(ready_.front());
  ready_.pop_front();
  return job;
}

std::optional<PendingJob> Destination::take_early(bool quick) {
  if (!early_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const std::size_t others = quick ? 0 : connecting_ + connected_;
  if (!idle_.empty() || ready_.size() <= others) return std::nullopt;
  PendingJob job = std::move(ready_.front());
  ready_.pop_front();
  return job;
}

std::optional<PendingJob> Destination::take_or_idle(const SessionRef& session) {
  const std::lock_guard lock(mutex_);
  if (ready_.empty()) {
    if (std::ranges::find(idle_, session) == idle_.end()) idle_.push_back(session);
    return std::nullopt;
  }
  std::erase(idle_, session);
  PendingJob job = std::move(ready_.front());
  ready_.pop_front();
  return job;
}

bool Destination::leave_idle(const SessionRef& session) {
  const std::lock_guard lock(mutex_);
  return std::erase(idle_, session) != 0;
}

void Destination::connection_ready() {
  const std::lock_guard lock(mutex_);
  CHECK(connecting_ > 0);
  --connecting_;
  ++connected_;
  failures_ = 0;
  not_before_ = {};
}

void Destination::forgive() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  not_before_ = {};
}

void Destination::back_off(const Disposition& failure, SteadyTime now) {
  ++failures_;
  last_failure_ = failure;
  not_before_ = now + back_off_delay(failures_);
}

Destination::Ended Destination::connection_ended(const SessionRef& session, bool was_ready,
                                                 const std::optional<Disposition>& failure,
                                                 SteadyTime now) {
  const std::lock_guard lock(mutex_);
  std::size_t& count = was_ready ? connected_ : connecting_;
  CHECK(count > 0);
  --count;
  CHECK(connections_of_[session.worker] > 0);
  --connections_of_[session.worker];
  std::erase(idle_, session);
  Ended ended;
  if (failure) back_off(*failure, now);
  const bool nobody_left = connecting_ + connected_ == 0;
  if (failure && nobody_left) {
    // No other connection contradicts it: the failure is the destination's.
    ended.stranded.assign(std::make_move_iterator(ready_.begin()),
                          std::make_move_iterator(ready_.end()));
    ready_.clear();
  }
  // Jobs are never left to nobody, back-off or not.
  if (!ready_.empty() && (nobody_left || may_open(now))) {
    ended.open = reserve(session.worker);
  }
  return ended;
}

NextHop Destination::hop() const {
  const std::lock_guard lock(mutex_);
  return hop_;
}

std::size_t Destination::ready() const {
  const std::lock_guard lock(mutex_);
  return ready_.size();
}

bool Destination::unused(SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  return ready_.empty() && connecting_ + connected_ == 0 && now >= not_before_;
}

std::shared_ptr<Destination> Destinations::find_or_create(const NextHop& hop) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Destination>& slot = by_key_[hop.key];
  if (!slot) slot = std::make_shared<Destination>(hop, workers_);
  return slot;
}

void Destinations::forget_unused(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  // use_count() == 1: nobody has taken hold of it outside of this mutex, so nobody can begin to.
  std::erase_if(by_key_, [&](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->unused(now);
  });
}

void Destinations::forgive_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, destination] : by_key_) destination->forgive();
}

std::size_t Destinations::size() const {
  const std::lock_guard lock(mutex_);
  return by_key_.size();
}

}  // namespace signpost::relay
