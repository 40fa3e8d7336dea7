#include "admin/task_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace signpost::admin {
namespace {

TEST(TaskPool, RunsWhatIsPosted) {
  TaskPool pool(2, 8);
  std::promise<int> answer;
  ASSERT_TRUE(pool.post([&answer] { answer.set_value(7); }));
  EXPECT_EQ(answer.get_future().get(), 7);
}

TEST(TaskPool, RefusesMoreThanMayWait) {
  std::promise<void> begun;
  std::promise<void> release;
  std::atomic<int> ran{0};
  {
    TaskPool pool(1, 2);
    ASSERT_TRUE(pool.post([&] {
      begun.set_value();
      release.get_future().wait();
    }));
    begun.get_future().wait();  // the thread is taken, nothing waits
    EXPECT_TRUE(pool.post([&] { ++ran; }));
    EXPECT_TRUE(pool.post([&] { ++ran; }));
    EXPECT_FALSE(pool.post([&] { ++ran; }));
    release.set_value();
  }
  EXPECT_EQ(ran, 2) << "what was posted is run before the end";
}

}  // namespace
}  // namespace signpost::admin
