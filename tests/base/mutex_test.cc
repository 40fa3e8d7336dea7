#include "base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace signpost {
namespace {

TEST(Mutex, IsHeldUntilTheScopeOfItsLockEnds) {
  Mutex mutex;
  const auto is_free = [&mutex] {  // asked by another thread, as the owner may not try
    bool free = false;
    std::jthread([&] {
      if (!mutex.try_lock()) return;
      free = true;
      mutex.unlock();
    }).join();
    return free;
  };
  {
    const MutexLock lock(mutex);
    EXPECT_FALSE(is_free());
  }
  EXPECT_TRUE(is_free());
}

struct Mailbox {
  Mutex mutex;
  ConditionVariable filled;
  int letters GUARDED_BY(mutex) = 0;
};

TEST(ConditionVariable, WakesAWaiterAndGivesItTheMutexBack) {
  Mailbox box;
  std::jthread sender([&box] {
    const MutexLock lock(box.mutex);
    box.letters = 1;
    box.filled.notify_one();
  });
  const MutexLock lock(box.mutex);
  while (box.letters == 0) box.filled.wait(box.mutex);
  EXPECT_EQ(box.letters, 1);
}

TEST(ConditionVariable, SaysWhenTheTimeHasCome) {
  Mailbox box;
  const MutexLock lock(box.mutex);
  const SteadyTime past = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  EXPECT_FALSE(box.filled.wait_until(box.mutex, past));
  EXPECT_EQ(box.letters, 0);
}

}  // namespace
}  // namespace signpost
