#include "delivery/job_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <random>
#include <string>

namespace signpost::delivery {
namespace {

// A line with lanes that are known by a letter; a job is named by its number.
class JobLineTest : public testing::Test {
 protected:
  PendingJob job(std::size_t recipients = 1) {
    PendingJob pending;
    pending.job.ref.number = next_++;
    pending.job.recipients.resize(recipients);
    return pending;
  }
  void add(LaneTurn& lane, std::size_t jobs, std::size_t recipients = 1) {
    for (std::size_t i = 0; i < jobs; ++i) lane.jobs.push_back(job(recipients));
    line_.update(lane);
  }
  char letter(const LaneTurn* lane) const { return lane == &a_ ? 'a' : lane == &b_ ? 'b' : 'c'; }
  // The lanes of the next `count` jobs.
  std::string order(std::size_t count) {
    std::string letters;
    for (std::size_t i = 0; i < count; ++i) {
      auto taken = line_.take();
      if (!taken) return letters + ".";
      letters += letter(taken->lane);
    }
    return letters;
  }

  LaneTurn a_, b_, c_;
  JobLine line_;
  std::uint16_t next_ = 0;
};

TEST_F(JobLineTest, GivesTheJobsOfOneLaneInTheirOrder) {
  add(a_, 3);
  EXPECT_EQ(line_.jobs(), 3u);
  for (std::uint16_t i = 0; i < 3; ++i) {
    auto taken = line_.take();
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->job.job.ref.number, i);
    EXPECT_EQ(taken->lane, &a_);
  }
  EXPECT_FALSE(line_.take());
  EXPECT_TRUE(line_.empty());
}

TEST_F(JobLineTest, ASmallLaneIsNotHeldUpByALargeOne) {
  add(a_, 1000);
  (void)order(5);
  add(b_, 10);
  const std::string next = order(25);
  EXPECT_EQ(std::ranges::count(next, 'b'), 10) << next;
}

TEST_F(JobLineTest, SharesByRecipientsNotByJobs) {
  add(a_, 200, 10);
  add(b_, 2000, 1);
  add(c_, 2000, 2);
  std::map<char, std::size_t> recipients;
  for (int i = 0; i < 1000; ++i) {
    auto taken = line_.take();
    recipients[letter(taken->lane)] += taken->job.job.recipients.size();
  }
  const auto largest = std::max({recipients['a'], recipients['b'], recipients['c']});
  const auto smallest = std::min({recipients['a'], recipients['b'], recipients['c']});
  EXPECT_LE(largest - smallest, 2 * JobLine::kQuantum + 10);
}

TEST_F(JobLineTest, AJobOfManyRecipientsCostsTheLaneATurn) {
  add(a_, 2, 100);
  add(b_, 200);
  const std::string order_of_both = order(202);
  const auto first = order_of_both.find('a');
  const auto second = order_of_both.find('a', first + 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_GE(second - first, 90u) << order_of_both;
}

TEST_F(JobLineTest, ALaneAloneOwesNothing) {
  add(a_, 5, 1000);
  (void)order(4);
  add(b_, 100);
  const std::string next = order(15);
  EXPECT_NE(next.find('a'), std::string::npos) << next;
}

TEST_F(JobLineTest, ALaneThatEmptiesStartsAnew) {
  add(b_, 300);
  add(a_, 1, 1000);
  ASSERT_NE(order(20).find('a'), std::string::npos);
  add(a_, 1);
  EXPECT_NE(order(25).find('a'), std::string::npos) << "its debt went when it left";
}

TEST_F(JobLineTest, LanesWithFewJobsInMemoryQueueToBeReadEachOnce) {
  a_.stored = b_.stored = true;
  line_.update(a_);
  line_.update(a_);
  line_.update(b_);
  EXPECT_EQ(line_.unread(), 2u);
  EXPECT_EQ(line_.next_unread(), &a_);
  a_.reading = true;
  line_.update(a_);
  EXPECT_EQ(line_.next_unread(), &b_);
  EXPECT_EQ(line_.next_unread(), nullptr);
  a_.reading = false;
  line_.update(a_);
  EXPECT_EQ(line_.next_unread(), &a_) << "there is more in the store";
}

TEST_F(JobLineTest, IsReadAgainWhenFewAreLeft) {
  a_.stored = true;
  add(a_, JobLine::kFew + 2);
  EXPECT_EQ(line_.unread(), 0u);
  (void)order(1);
  EXPECT_EQ(line_.unread(), 0u);
  (void)order(1);
  EXPECT_EQ(line_.unread(), 1u);
}

TEST_F(JobLineTest, ALaneThatIsRemovedLeavesNothingBehind) {
  a_.stored = true;
  add(a_, 3);
  add(b_, 2);
  line_.remove(a_);
  EXPECT_EQ(line_.jobs(), 2u);
  EXPECT_EQ(line_.unread(), 0u);
  EXPECT_EQ(order(3), "bb.");
  line_.update(a_);
  EXPECT_EQ(line_.jobs(), 3u);
  EXPECT_EQ(order(4), "aaa.");
}

TEST_F(JobLineTest, CountsStayRightWhateverHappens) {
  std::mt19937 random(11);
  std::array<LaneTurn*, 3> lanes{&a_, &b_, &c_};
  for (int step = 0; step < 20'000; ++step) {
    LaneTurn& lane = *lanes[random() % 3];
    switch (random() % 6) {
      case 0:
        add(lane, 1 + random() % 3, 1 + random() % 30);
        break;
      case 1:
        line_.remove(lane);
        lane.jobs.clear();
        lane.stored = lane.reading = false;
        break;
      case 2:
        lane.stored = !lane.stored;
        line_.update(lane);
        break;
      case 3:
        if (LaneTurn* unread = line_.next_unread()) {
          ASSERT_TRUE(unread->stored && !unread->reading);
          ASSERT_LE(unread->jobs.size(), JobLine::kFew);
          unread->reading = true;
          line_.update(*unread);
        }
        break;
      case 4:
        lane.reading = false;
        line_.update(lane);
        break;
      default:
        (void)line_.take();
    }
    ASSERT_EQ(line_.jobs(), a_.jobs.size() + b_.jobs.size() + c_.jobs.size()) << step;
    ASSERT_EQ(line_.any_ready() == nullptr, line_.jobs() == 0) << step;
  }
}

}  // namespace
}  // namespace signpost::delivery
