#include "relay/feeder.h"

#include "base/log.h"
#include "relay/completion.h"
#include "relay/dispatch.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

namespace signpost::relay {

namespace {

constexpr std::chrono::milliseconds kInterval{200};  // between looks at the due index
constexpr std::size_t kWindow = 256;
constexpr std::chrono::minutes kStraysInterval{1};  // between looks at its far end

// Those of `jobs` that nobody works on, claimed. What somebody holds comes back by itself when its
// holder is done (queue/scheduler.h).
std::vector<queue::Job> claimed(Relay& relay, std::vector<queue::Job> jobs) {
  std::erase_if(jobs, [&](const queue::Job& job) { return !relay.active.claim(job.ref); });
  for (const queue::Job& job : jobs) {
    if (job.state == queue::JobState::Deferred) relay.deferred_in_memory.fetch_add(1);
  }
  return jobs;
}

}  // namespace

Feeder::Feeder(Worker& worker) : worker_(worker), timer_(worker.loop(), [this] { feed(); }) {}

void Feeder::start() { feed(); }

void Feeder::stop() {
  stopped_ = true;
  timer_.stop();
}

void Feeder::feed() {
  Relay& relay = worker_.relay();
  const std::size_t active = relay.active.size();
  // Half of the room is left for mail that is being accepted.
  const std::size_t room = active < ActiveJobs::kMax / 2 ? ActiveJobs::kMax / 2 - active : 0;
  const std::size_t limit = std::min(room, kWindow);
  if (limit == 0 || relay.admission.memory_is_exhausted()) {
    timer_.start(kInterval);
    return;
  }
  struct Window {
    std::vector<queue::Job> jobs;
    bool more = false;
  };
  auto window = std::make_shared<Window>();
  const SteadyTime now = worker_.loop().now();
  const SystemTime time = schedule_now();
  const bool strays = now >= next_strays_ || time < last_time_;  // back by far
  if (strays) next_strays_ = now + kStraysInterval;
  last_time_ = time;
  const auto longest =
      std::max<std::chrono::seconds>(worker_.settings()->retry.longest_delay(), kLongestPutBack);
  worker_.loop().run_blocking(
      [window, limit, strays, time, longest, &relay] {
        const std::lock_guard lock(relay.claiming);
        auto taken = strays ? relay.scheduler->take_strays(time + 2 * longest, limit)
                            : relay.scheduler->take(time, limit);
        if (!taken) {
          log::error("queue_unreadable", {{"detail", taken.error().detail}});
          return;
        }
        window->more = strays || taken->size() == limit;
        window->jobs = claimed(relay, std::move(*taken));
      },
      [this, window, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) spread(std::move(window->jobs), window->more);
      });
}

void Feeder::spread(std::vector<queue::Job> jobs, bool more) {
  const auto& workers = worker_.relay().workers;
  for (queue::Job& job : jobs) {
    Worker& worker = *workers[next_worker_++ % workers.size()];
    worker.post(
        [&worker, job = std::move(job)]() mutable { dispatch(worker, {std::move(job), nullptr}); });
  }
  if (!stopped_) timer_.start(more ? std::chrono::milliseconds(0) : kInterval);
}

}  // namespace signpost::relay
