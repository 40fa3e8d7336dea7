// The scheduler of delivery: what a message costs on its short path, and what a waiting lane costs.
#include "delivery/scheduler.h"

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace {

using namespace signpost;

constexpr SystemTime kNoon{std::chrono::seconds(1'700'000'000)};

delivery::Scheduler::Now at(std::chrono::seconds time) {
  return {SteadyTime(std::chrono::hours(1) + time), kNoon + time, 0};
}

delivery::NextHop hop(std::size_t connections) {
  delivery::NextHop hop;
  hop.key = "mx:mx1.operator.example>mx2.operator.example";
  hop.hosts = {{"mx1.operator.example", 0}, {"mx2.operator.example", 1}};
  hop.connections = connections;
  return hop;
}

// A message comes in, a connection takes it.
void accept_and_take(benchmark::State& state) {
  delivery::Scheduler scheduler(2);
  const queue::Lane lane{"receiver.example", "shop", ""};
  const auto now = at(std::chrono::seconds(0));
  delivery::Orders orders;
  queue::Job job;
  job.lane = lane;
  job.due = now.schedule;
  job.recipients.push_back({smtp::Mailbox::from_text("somebody@receiver.example"), {}, ""});
  delivery::PendingJob first{job, nullptr};
  (void)scheduler.accept(first, true, 0, now, orders);
  scheduler.routed(lane, hop(1), 0, now, orders);
  const delivery::SitePtr site = orders.open.front().site;
  scheduler.connection_ready(*site, {0, 1}, now, orders);
  (void)scheduler.take(site, {0, 1}, {}, now, orders);
  for (auto _ : state) {
    orders = {};
    delivery::PendingJob pending{job, nullptr};
    benchmark::DoNotOptimize(scheduler.accept(pending, true, 0, now, orders));
    benchmark::DoNotOptimize(scheduler.take(site, {0, 1}, {}, now, orders));
  }
}
BENCHMARK(accept_and_take);

// Many domains of one operator that is down: octets of memory for each.
void lanes_of_a_dead_site(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    const std::size_t before = mallinfo2().uordblks;
    delivery::Scheduler scheduler(2);
    for (std::size_t i = 0; i < count; ++i) {
      scheduler.waits({{"d" + std::to_string(i) + ".g" + std::to_string(i % 10) + ".example",
                        "@shop.example", ""},
                       kNoon},
                      at(std::chrono::seconds(0)));
    }
    std::size_t routed = 0;
    for (int second = 1; routed < count; ++second) {
      const auto now = at(std::chrono::seconds(second));
      delivery::Orders orders;
      (void)scheduler.tick(now, orders);
      while (!orders.look_up.empty()) {
        const auto lanes = std::exchange(orders.look_up, {});
        for (const queue::Lane& lane : lanes) scheduler.routed(lane, hop(10), 0, now, orders);
        routed += lanes.size();
        orders.read.clear();
      }
      for (const auto& open : std::exchange(orders.open, {})) {
        scheduler.connection_ended(open.site, {open.worker, 1}, false,
                                   delivery::local(delivery::Outcome::Delayed, {4, 4, 1}, "down"),
                                   now.steady, now, orders);
      }
    }
    state.counters["octets_a_lane"] =
        static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(count);
  }
}
BENCHMARK(lanes_of_a_dead_site)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
