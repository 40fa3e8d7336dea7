#include "net/loop.h"

#include "net/timer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace signpost::net {
namespace {

TEST(Loop, RunsPostedTasksInTheirOrder) {
  Loop loop;
  std::string order;
  for (const char letter : {'a', 'b', 'c'}) {
    loop.post([&order, letter] { order += letter; });
  }
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(order, "abc");
}

TEST(Loop, RunsAgainAfterStop) {
  Loop loop;
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    loop.post([&] {
      ++runs;
      loop.stop();
    });
    loop.run();
  }
  EXPECT_EQ(runs, 3);
}

TEST(Loop, TakesTasksOfManyThreadsInEachOnesOrder) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  Loop loop;
  std::vector<int> seen(kThreads, 0);
  int total = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        loop.post([&, t, i] {
          EXPECT_EQ(seen[static_cast<std::size_t>(t)]++, i);
          if (++total == kThreads * kTasks) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(total, kThreads * kTasks);
}

TEST(Loop, IsWokenWhileItWaits) {
  Loop loop;
  std::atomic<bool> answered = false;
  std::thread other;
  loop.post([&] {
    // The loop is under way and has nothing to do but to wait for this.
    other = std::thread([&] {
      loop.post([&] {
        answered = true;
        loop.stop();
      });
    });
  });
  loop.run();
  other.join();
  EXPECT_TRUE(answered);
}

TEST(Loop, DefersUntilTheCallbackHasReturned) {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.defer([&] {
      order += "deferred";
      loop.stop();
    });
    order += "callback ";
  });
  loop.run();
  EXPECT_EQ(order, "callback deferred");
}

TEST(Loop, RunsDeferredTasksThoughNothingElseHappens) {
  Loop loop;
  int left = 10;
  // Each defers the next one: a loop that waited between them would never end.
  std::function<void()> step = [&] {
    if (--left == 0) {
      loop.stop();
    } else {
      loop.defer(step);
    }
  };
  loop.defer(step);
  loop.run();
  EXPECT_EQ(left, 0);
}

TEST(Loop, LetsTimersRunBetweenDeferredTasks) {
  Loop loop;
  bool done = false;
  Timer timer(loop, [&] { done = true; });
  timer.start(std::chrono::milliseconds(1));
  std::function<void()> again = [&] {
    if (done) {
      loop.stop();
    } else {
      loop.defer(again);
    }
  };
  loop.defer(again);
  loop.run();
  EXPECT_TRUE(done);
}

TEST(Loop, RunsBlockingWorkElsewhereAndReportsHere) {
  Loop loop;
  const auto here = std::this_thread::get_id();
  std::thread::id worker;
  std::thread::id reporter;
  loop.run_blocking([&] { worker = std::this_thread::get_id(); },
                    [&] {
                      reporter = std::this_thread::get_id();
                      loop.stop();
                    });
  loop.run();
  EXPECT_NE(worker, here);
  EXPECT_EQ(reporter, here);
}

TEST(Loop, DestroysUnrunTasksWithItself) {
  const auto token = std::make_shared<int>(0);
  bool ran = false;
  {
    Loop loop;
    loop.post([&ran, token] { ran = true; });
    loop.defer([&ran, token] { ran = true; });
    EXPECT_EQ(token.use_count(), 3);
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Loop, WaitsForBlockingWorkWithoutReportingItWhenDestroyed) {
  const auto token = std::make_shared<int>(0);
  std::atomic<bool> worked = false;
  bool reported = false;
  {
    Loop loop;
    loop.run_blocking([&worked, token] { worked = true; }, [&reported, token] { reported = true; });
  }
  EXPECT_TRUE(worked);
  EXPECT_FALSE(reported);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Loop, KnowsTheTimeOfItsTurn) {
  Loop loop;
  const SteadyTime before = std::chrono::steady_clock::now();
  SteadyTime seen{};
  Timer timer(loop, [&] {
    seen = loop.now();
    loop.stop();
  });
  timer.start(std::chrono::milliseconds(20));
  loop.run();
  // libuv's clock may be the coarse one, some milliseconds behind.
  EXPECT_GT(seen, before);
  EXPECT_LE(seen, std::chrono::steady_clock::now());
}

}  // namespace
}  // namespace signpost::net
