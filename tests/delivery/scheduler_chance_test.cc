// The scheduler against a random world: whatever happens, no job is lost, none
// goes twice, and all claims end.
#include "tests/delivery/delivery_world.h"
#include "tests/support/sanitized.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace signpost::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Scheduler::Limits kTight{.in_memory = 120, .line = 40, .look_ups = 2, .lanes = 6};
constexpr std::size_t kSteps = test::some_of(1200);

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed), world_(kTight, 3) {
    world_.scheduler.set_schedule(hours(2), seconds(300));
    world_.sites = {{"a.example", "mx:shared"},
                    {"b.example", "mx:shared"},
                    {"c.example", "mx:shared"},
                    {"d.example", "mx:one"},
                    {"e.example", "mx:rated"}};
    world_.receiver("mx:shared").connections = 3;
    world_.receiver("mx:one").connections = 1;
    world_.receiver("mx:rated").rate = relay::Rate{20, seconds(1)};
    world_.choose = [this](std::size_t count) { return below(count); };
    world_.delay = [this](const queue::Job&) { return seconds(1 + below(one_in(8) ? 7000 : 300)); };
    world_.reply = [this](const queue::Job&) {
      if (well_ || !one_in(4)) return Outcome::Delivered;
      return one_in(10) ? Outcome::Failed : Outcome::Delayed;
    };
    world_.no_memory = [this](const queue::Job&) { return !well_ && one_in(40); };
  }

  void step() {
    world_.dice = static_cast<double>(below(1000)) / 1000;
    switch (below(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        submit(lane(), 1 + below(12));
        break;
      case 6:
        submit(lane(), 1 + below(100));
        break;
      case 7:
      case 8:
      case 9:
        world_.pass(milliseconds(below(3000)));
        break;
      case 10:
        world_.pass(seconds(below(600)), seconds(1));
        break;
      case 11:
        world_.receiver(site()).refuses = one_in(2);
        break;
      case 12:
        world_.receiver(site()).slow = one_in(2);
        break;
      case 13:
        world_.receiver(site()).hangs = one_in(3);
        break;
      case 14:
        world_.connect_all();
        break;
      case 15:
        (void)world_.answer(site());
        break;
      case 16:
        world_.end_connections();
        break;
      case 17:
        world_.order(
            [&](const auto& at, Orders& orders) { world_.scheduler.forget_routes(at, orders); });
        break;
      case 18:
        world_.order(
            [&](const auto& at, Orders& orders) { world_.scheduler.forgive(lane(), at, orders); });
        break;
      case 19:
        if (one_in(2)) {
          world_.unroutable.clear();
        } else {
          world_.unroutable[lane().domain] = one_in(5) ? test::never() : test::later();
        }
        break;
      case 20:
        world_.store.unreadable = one_in(3);
        break;
      case 21:
        set_clock();
        break;
      case 22:
        hold();
        break;
      default:
        let_go();
        break;
    }
    if (!one_in(3)) world_.run();
    look_for_overdue();
  }

  // Everything works again: what is left must come to its end.
  void recover() {
    well_ = true;
    world_.unroutable.clear();
    world_.store.unreadable = false;
    for (const char* name : {"mx:shared", "mx:one", "mx:rated", "mx:f.example"}) {
      world_.receiver(name).refuses = world_.receiver(name).hangs = world_.receiver(name).slow =
          false;
      (void)world_.answer(name);
    }
    world_.connect_all();
    while (!held_.empty()) let_go();
    for (int i = 0; i < 20 && world_.store.rows() > 0; ++i) {
      world_.pass(seconds(1800), seconds(5));
      look_for_overdue();
      world_.run();
    }
  }

  const test::DeliveryWorld& world() const { return world_; }
  std::size_t submitted() const { return submitted_; }
  std::size_t held() const { return held_.size() + world_.held(); }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  queue::Lane lane() {
    const std::vector<std::string> domains{"a.example", "b.example", "c.example",
                                           "d.example", "e.example", "f.example"};
    return {domains[below(domains.size())], one_in(2) ? "big" : "small", ""};
  }
  std::string site() {
    const std::vector<std::string> keys{"mx:shared", "mx:one", "mx:rated", "mx:f.example"};
    return keys[below(keys.size())];
  }
  void submit(const queue::Lane& lane, std::size_t count) {
    submitted_ += count;
    for (std::size_t i = 0; i < count; ++i) (void)world_.submit(lane, 1 + below(3), !one_in(5));
  }
  void set_clock() {
    const SystemTime now = world_.clock.system_now();
    if (one_in(3)) {
      world_.clock.set(now + hours(24 * 30));
      world_.pass(seconds(below(20)), seconds(1));
      world_.clock.set(now);
    } else {
      world_.clock.set(now - seconds(below(100)));
    }
  }
  // An operator's command takes a job away from delivery for a while.
  void hold() {
    const auto page = world_.store.jobs({}, {}, 1 + below(50));
    if (!page || page->jobs.empty()) return;
    auto job = world_.store.claim(page->jobs.back().job.ref);
    if (job && *job) held_.push_back(**job);
  }
  void let_go() {
    if (held_.empty()) return;
    const queue::Job job = held_.back();
    held_.pop_back();
    world_.store.claims().release(job.ref);
    world_.order([&](const auto& at, Orders& orders) { world_.scheduler.waits(job, at, orders); });
  }
  // Examines jobs that wait too long, and lets them wait.
  void look_for_overdue() {
    for (const Orders::Overdue& order : std::exchange(world_.overdue, {})) {
      const auto found =
          world_.store.overdue(order.lane, {}, order.until, SystemTime::max(), true, 10);
      for (const queue::JobRef& ref : found->jobs) {
        auto job = world_.store.claim(ref);
        if (job && *job) held_.push_back(**job);
      }
    }
  }

  std::mt19937_64 random_;
  test::DeliveryWorld world_;
  std::vector<queue::Job> held_;  // claimed by others
  std::size_t submitted_ = 0;
  bool well_ = false;
};

class SchedulerChance : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SchedulerChance, LosesNoJobAndSendsNoneTwice) {
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  Chance chance(GetParam());
  const test::DeliveryWorld& world = chance.world();
  for (std::size_t i = 0; i < kSteps; ++i) {
    chance.step();
    ASSERT_EQ(world.store.claims().size(), world.scheduler.figures().in_memory + chance.held())
        << "a claim is leaked or missing after step " << i;
    ASSERT_EQ(world.twice, 0u) << "after step " << i;
  }
  chance.recover();
  const queue::Totals left = world.store.totals();
  const auto lanes = world.store.lanes({}, 100);
  for (const queue::WaitingLane& lane : lanes->lanes) {
    ADD_FAILURE() << lane.lane.domain << " of " << lane.lane.account << " waits, due for "
                  << (world.now().schedule - lane.due) / seconds(1) << " s";
  }
  EXPECT_EQ(left.ready + left.deferred, 0u) << "of " << chance.submitted();
  EXPECT_EQ(world.delivered.size() + world.failed.size(), chance.submitted());
  EXPECT_EQ(world.store.claims().size(), 0u);
  EXPECT_EQ(world.twice, 0u);
  EXPECT_LE(world.most_open.at("mx:shared"), 3u);
  EXPECT_LE(world.most_open.at("mx:one"), 1u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SchedulerChance, testing::Range<std::uint64_t>(1, 7));

}  // namespace
}  // namespace signpost::delivery
