#include "delivery/lane_table.h"

#include "delivery/site.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using std::chrono::seconds;

constexpr SystemTime kStart{seconds(1'700'000'000)};

queue::Lane named(int number) { return {"d" + std::to_string(number) + ".example", "shop", ""}; }

// A million lanes may wait: what only a busy one needs is not in here.
static_assert(sizeof(Lane) <= 112);

TEST(LaneKey, SaysTheWholeName) {
  for (const queue::Lane& lane :
       {queue::Lane{"a.example", "shop", "smtp:10.0.0.1"}, queue::Lane{"a.example", "@b", ""},
        queue::Lane{"a.example", "", ""}, queue::Lane{"", "", "mx"},
        queue::Lane{"a.example", "shop", "", 9}, queue::Lane{"a.example", "", "mx", -9}}) {
    EXPECT_EQ(lane_named(lane_key(lane)), lane);
  }
  EXPECT_NE(lane_key({"a", "bc", ""}), lane_key({"ab", "c", ""}));
}

TEST(LaneTable, FindsWhatWasMadeUntilItIsForgotten) {
  LaneTable table;
  EXPECT_EQ(table.find(named(1)), nullptr);
  Lane& lane = table.find_or_make(named(1));
  EXPECT_EQ(&table.find_or_make(named(1)), &lane);
  EXPECT_EQ(table.find(named(1)), &lane);
  EXPECT_EQ(lane_named(*lane.key), named(1));
  EXPECT_EQ(table.size(), 1u);
  table.wake_at(lane, kStart);
  table.forget(lane);
  EXPECT_EQ(table.find(named(1)), nullptr);
  EXPECT_EQ(table.next_time(), SystemTime::max());
}

TEST(LaneTable, ALaneStaysWhereItIsWhileOthersCome) {
  LaneTable table;
  Lane* const first = &table.find_or_make(named(0));
  for (int i = 1; i < 5000; ++i) (void)table.find_or_make(named(i));
  EXPECT_EQ(table.find(named(0)), first);
  EXPECT_EQ(lane_named(*first->key), named(0));
}

TEST(LaneTable, LanesComeWhenTheirTimeHasComeTheEarliestFirst) {
  LaneTable table;
  for (const int i : {3, 1, 2}) table.wake_at(table.find_or_make(named(i)), kStart + seconds(i));
  EXPECT_EQ(table.next_time(), kStart + seconds(1));
  EXPECT_EQ(table.next_due(kStart), nullptr);
  EXPECT_EQ(table.next_due(kStart + seconds(2)), table.find(named(1)));
  EXPECT_EQ(table.next_due(kStart + seconds(2)), table.find(named(2)));
  EXPECT_EQ(table.next_due(kStart + seconds(2)), nullptr);
  EXPECT_FALSE(table.has_time(*table.find(named(1)))) << "it comes once";
  EXPECT_TRUE(table.has_time(*table.find(named(3))));
}

TEST(LaneTable, AnEarlierTimeReplacesALaterOne) {
  LaneTable table;
  Lane& lane = table.find_or_make(named(1));
  table.wake_by(lane, kStart + seconds(5));
  table.wake_by(lane, kStart + seconds(9));
  EXPECT_EQ(table.next_time(), kStart + seconds(5));
  table.wake_by(lane, kStart + seconds(2));
  EXPECT_EQ(table.next_time(), kStart + seconds(2));
  table.wake_at(lane, kStart + seconds(9));
  EXPECT_EQ(table.next_time(), kStart + seconds(9));
  table.wake_at(lane, SystemTime::max());
  EXPECT_FALSE(table.has_time(lane));
}

TEST(LaneTable, KeepsTheOrderWhateverHappens) {
  std::mt19937 random(5);
  LaneTable table;
  std::map<int, SystemTime> expected;  // lanes with a time
  for (int step = 0; step < 20'000; ++step) {
    const int number = static_cast<int>(random() % 60);
    const SystemTime time = kStart + seconds(random() % 1000);
    switch (random() % 4) {
      case 0:
        table.wake_at(table.find_or_make(named(number)), time);
        expected[number] = time;
        break;
      case 1:
        table.wake_by(table.find_or_make(named(number)), time);
        expected.emplace(number, time);
        expected[number] = std::min(expected[number], time);
        break;
      case 2:
        if (Lane* const lane = table.find(named(number))) table.forget(*lane);
        expected.erase(number);
        break;
      default: {
        const Lane* const due = table.next_due(time);
        const auto earliest =
            std::ranges::min_element(expected, {}, [](const auto& each) { return each.second; });
        if (earliest == expected.end() || earliest->second > time) {
          ASSERT_EQ(due, nullptr) << step;
        } else {
          ASSERT_NE(due, nullptr) << step;
          ASSERT_EQ(due->wake, earliest->second) << step;
          std::erase_if(expected, [&](const auto& each) {
            return named(each.first) == lane_named(*due->key);
          });
        }
      }
    }
  }
}

}  // namespace
}  // namespace signpost::delivery
