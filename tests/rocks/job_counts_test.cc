#include "rocks/job_counts.h"

#include "tests/queue/samples.h"

#include <gtest/gtest.h>

namespace signpost::rocks {
namespace {

queue::MessageId id(int n) {
  return queue::samples::id_at(queue::samples::kNoon + std::chrono::microseconds(n));
}

TEST(JobCounts, KeepsWhatIsRecentAndForgetsTheRest) {
  JobCounts counts(100);
  for (int i = 0; i < 10'000; ++i) {
    counts.trim();
    counts.insert(id(i), {.left = 1});
    ASSERT_LE(counts.size(), 200U);
  }
  EXPECT_NE(counts.find(id(9'999)), nullptr);
  EXPECT_NE(counts.find(id(9'899)), nullptr);
  EXPECT_EQ(counts.find(id(0)), nullptr);
}

TEST(JobCounts, ForgetsNothingWithinAGroup) {
  JobCounts counts(10);
  counts.trim();
  for (int i = 0; i < 1'000; ++i) counts.insert(id(i), {.left = 2});
  EXPECT_NE(counts.find(id(0)), nullptr);
}

TEST(JobCounts, ErasedMessageIsGoneFromBothGenerations) {
  JobCounts counts(1);
  counts.insert(id(1), {.left = 1});
  counts.trim();
  counts.find(id(1))->left = 7;
  EXPECT_EQ(counts.find(id(1))->left, 7U);
  counts.erase(id(1));
  EXPECT_EQ(counts.find(id(1)), nullptr);
}

}  // namespace
}  // namespace signpost::rocks
