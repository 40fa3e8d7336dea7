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
  void SetUp() override {
    line_.add(a_, {"a"});
    line_.add(b_, {"b"});
    line_.add(c_, {"c"});
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
  line_.add(a_, {"a"});
  line_.update(a_);
  EXPECT_EQ(line_.jobs(), 3u);
  EXPECT_EQ(order(4), "aaa.");
}

// Lanes of the given owners and ranks instead of those of a, b and c.
class JobLineOwners : public JobLineTest {
 protected:
  void SetUp() override {}
  void own(LaneTurn& lane, const std::string& owner, int rank = 0) {
    line_.add(lane, {owner, rank});
  }
};

TEST_F(JobLineOwners, AnOwnerHasOneTurnHoweverManyLanesItHas) {
  own(a_, "shop");
  own(b_, "shop");
  own(c_, "other");
  add(a_, 500);
  add(b_, 500);
  add(c_, 500);
  const std::string letters = order(400);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(letters, 'c')), 200, JobLine::kQuantum);
  EXPECT_EQ(std::ranges::count(letters, 'a'), std::ranges::count(letters, 'b'));
}

TEST_F(JobLineOwners, TheHighestRankGoesFirstWithinAnOwnersTurn) {
  own(a_, "shop");
  own(b_, "shop", 5);
  own(c_, "other");
  add(a_, 100);
  add(c_, 100);
  (void)order(3);
  add(b_, 3);
  const std::string next = order(40);
  const std::size_t last = next.rfind('b');
  ASSERT_EQ(std::ranges::count(next, 'b'), 3) << next;
  EXPECT_EQ(std::ranges::count(next.substr(0, last), 'a'), 0) << next << ": its mail waits";
  EXPECT_NE(next.find('a', last), std::string::npos);
  EXPECT_GE(std::ranges::count(next, 'c'), 10) << next << ": rank is no advantage over others";
}

TEST_F(JobLineOwners, TheHighestRankIsReadFirst) {
  own(a_, "shop");
  own(b_, "shop", 1);
  own(c_, "other");
  a_.stored = b_.stored = c_.stored = true;
  line_.update(a_);
  line_.update(c_);
  line_.update(b_);
  EXPECT_TRUE(line_.goes_early(b_));
  EXPECT_FALSE(line_.goes_early(a_));
  EXPECT_EQ(line_.next_unread(), &b_);
  EXPECT_TRUE(line_.goes_early(a_)) << "nothing else of its owner is to be read";
  EXPECT_EQ(line_.next_unread(), &c_) << "the other's turn";
  EXPECT_EQ(line_.next_unread(), &a_);
}

TEST_F(JobLineOwners, WhatWouldGoBeforeTheMailInMemoryIsReadBeforeOthers) {
  own(a_, "shop");
  own(b_, "shop", 1);
  own(c_, "other");
  c_.stored = true;
  line_.update(c_);
  add(a_, 100);
  EXPECT_FALSE(line_.has_urgent_unread());
  b_.stored = true;
  line_.update(b_);
  EXPECT_TRUE(line_.has_urgent_unread());
  EXPECT_EQ(line_.next_unread(), &b_);
  EXPECT_FALSE(line_.has_urgent_unread());
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
        line_.add(lane, {std::string(1, static_cast<char>('p' + random() % 2)),
                         static_cast<int>(random() % 3)});
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
