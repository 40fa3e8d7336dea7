#include "delivery/lane_queue.h"

#include "delivery/lane_table.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <string>

namespace signpost::delivery {
namespace {

// Ten lanes that are known by a digit.
class LaneQueueTest : public testing::Test {
 protected:
  void add(std::size_t lane, const std::string& owner, int rank = 0) {
    queue_.add(lanes_[lane], {owner, rank});
  }
  std::string digit(const Lane* lane) const { return std::to_string(lane - lanes_.data()); }
  std::string order() {
    std::string digits;
    while (const Lane* const lane = queue_.take()) digits += digit(lane);
    return digits;
  }

  std::array<Lane, 10> lanes_;
  LaneQueue queue_;
};

TEST_F(LaneQueueTest, OwnersTakeTurns) {
  for (std::size_t i = 0; i < 5; ++i) add(i, "shop");
  add(5, "other");
  add(6, "other");
  EXPECT_EQ(queue_.size(), 7u);
  EXPECT_EQ(digit(queue_.first()), "0");
  EXPECT_EQ(order(), "0516234");
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.first(), nullptr);
}

TEST_F(LaneQueueTest, TheHighestRankOfAnOwnerGoesFirst) {
  add(0, "shop");
  add(1, "shop", -3);
  add(2, "other");
  add(3, "shop", 9);
  add(4, "shop", 9);
  EXPECT_EQ(order(), "32401");
}

TEST_F(LaneQueueTest, AllOfThemCanBeTakenAtOnce) {
  add(0, "shop");
  add(1, "other");
  add(2, "shop");
  std::deque<Lane*> lanes;
  queue_.take_all(lanes);
  EXPECT_EQ(lanes, (std::deque<Lane*>{&lanes_[0], &lanes_[1], &lanes_[2]}));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(LaneQueueTest, SomeAreSeenWhereTheyAre) {
  for (std::size_t i = 0; i < 4; ++i) add(i, i % 2 == 0 ? "shop" : "other");
  std::string seen;
  queue_.for_some(3, [&](const Lane& lane) { seen += digit(&lane); });
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(queue_.size(), 4u);
}

}  // namespace
}  // namespace signpost::delivery
