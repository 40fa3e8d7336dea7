#include "net/timer.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace signpost::net {
namespace {

using std::chrono::milliseconds;

TEST(Timer, FiresOnce) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  Timer end(loop, [&] { loop.stop(); });
  timer.start(milliseconds(1));
  EXPECT_TRUE(timer.active());
  end.start(milliseconds(20));
  loop.run();
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.active());
}

TEST(Timer, FiresInTheOrderOfDelays) {
  Loop loop;
  std::string order;
  Timer late(loop, [&] {
    order += "late";
    loop.stop();
  });
  Timer soon(loop, [&] { order += "soon "; });
  late.start(milliseconds(10));
  soon.start(milliseconds(1));
  loop.run();
  EXPECT_EQ(order, "soon late");
}

TEST(Timer, StartsAnew) {
  Loop loop;
  bool other_fired = false;
  bool restarted_saw_other = false;
  Timer restarted(loop, [&] {
    restarted_saw_other = other_fired;
    loop.stop();
  });
  Timer other(loop, [&] { other_fired = true; });
  restarted.start(milliseconds(1));
  other.start(milliseconds(5));
  restarted.start(milliseconds(10));
  loop.run();
  EXPECT_TRUE(restarted_saw_other);
}

TEST(Timer, StopsAndIsSilentWhenDestroyed) {
  Loop loop;
  int fired = 0;
  Timer stopped(loop, [&] { ++fired; });
  auto destroyed = std::make_unique<Timer>(loop, [&] { ++fired; });
  Timer end(loop, [&] { loop.stop(); });
  stopped.start(milliseconds(1));
  destroyed->start(milliseconds(1));
  end.start(milliseconds(10));
  stopped.stop();
  destroyed.reset();
  EXPECT_FALSE(stopped.active());
  loop.run();
  EXPECT_EQ(fired, 0);
}

TEST(Timer, MayDestroyItselfInItsCallback) {
  Loop loop;
  std::unique_ptr<Timer> timer;
  const auto token = std::make_shared<int>(7);
  int seen = 0;
  timer = std::make_unique<Timer>(loop, [&, token] {
    timer.reset();
    seen = *token;  // the callback outlives the timer
    loop.stop();
  });
  timer->start(milliseconds(1));
  loop.run();
  EXPECT_EQ(seen, 7);
}

TEST(Timer, CountsItsDelayFromNowAndNotFromTheTurnsBegin) {
  Loop loop;
  const milliseconds delay(30);
  SteadyTime started{};
  SteadyTime fired{};
  Timer timer(loop, [&] {
    fired = std::chrono::steady_clock::now();
    loop.stop();
  });
  loop.post([&] {
    // A callback that took long: the loop's idea of the time is now this old.
    const SteadyTime begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < delay) {
    }
    started = std::chrono::steady_clock::now();
    timer.start(delay);
  });
  loop.run();
  EXPECT_GE(fired - started, delay - milliseconds(10));  // the clock of the loop is coarse
}

TEST(Timer, WithoutDelayLeavesRoomForOthers) {
  Loop loop;
  bool posted_ran = false;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    if (posted_ran) {
      loop.stop();
    } else {
      timer->start(milliseconds(0));
    }
  });
  timer->start(milliseconds(0));
  loop.post([&] { posted_ran = true; });
  loop.run();
  EXPECT_TRUE(posted_ran);
}

}  // namespace
}  // namespace signpost::net
