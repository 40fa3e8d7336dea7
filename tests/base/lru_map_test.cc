#include "base/lru_map.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost {
namespace {

TEST(LruMap, FindsWhatWasInserted) {
  LruMap<int, std::string> map(2);
  map.insert(1, "one");
  ASSERT_NE(map.find(1), nullptr);
  EXPECT_EQ(*map.find(1), "one");
  EXPECT_EQ(map.find(2), nullptr);
}

TEST(LruMap, WhatWasNotUsedForTheLongestTimeMakesRoom) {
  LruMap<int, int> map(2);
  map.insert(1, 10);
  map.insert(2, 20);
  EXPECT_NE(map.find(1), nullptr);  // 2 is now the older one
  map.insert(3, 30);
  EXPECT_EQ(map.find(2), nullptr);
  EXPECT_NE(map.find(1), nullptr);
  EXPECT_NE(map.find(3), nullptr);
  EXPECT_EQ(map.size(), 2U);
}

TEST(LruMap, InsertingAgainReplacesTheValueAndCountsAsUse) {
  LruMap<int, int> map(2);
  map.insert(1, 10);
  map.insert(2, 20);
  map.insert(1, 11);
  EXPECT_EQ(map.size(), 2U);
  map.insert(3, 30);
  EXPECT_EQ(map.find(2), nullptr);
  EXPECT_EQ(*map.find(1), 11);
}

TEST(LruMap, AtMakesAnEntryOnce) {
  LruMap<std::string, int, StringHash> map(2);
  map.at("a") = 5;
  EXPECT_EQ(map.at("a"), 5);
  EXPECT_EQ(map.at("b"), 0);
  EXPECT_EQ(map.size(), 2U);
}

TEST(LruMap, IsAskedForAnyKindOfString) {
  LruMap<std::string, int, StringHash> map(2);
  map.insert("shop.example", 1);
  const std::string_view part = std::string_view("shop.example.org").substr(0, 12);
  ASSERT_NE(map.find(part), nullptr);
  EXPECT_EQ(*map.find(part), 1);
}

TEST(LruMap, ErasesByKey) {
  LruMap<int, int> map(2);
  map.insert(1, 10);
  EXPECT_TRUE(map.erase(1));
  EXPECT_FALSE(map.erase(1));
  EXPECT_EQ(map.find(1), nullptr);
  EXPECT_EQ(map.size(), 0U);
}

TEST(LruMap, WithoutCapacityKeepsNothing) {
  LruMap<int, int> map(0);
  map.insert(1, 10);
  EXPECT_EQ(map.find(1), nullptr);
  EXPECT_EQ(map.size(), 0U);
}

TEST(LruMapDeathTest, AtNeedsCapacity) {
  LruMap<int, int> map(0);
  EXPECT_DEATH(map.at(1), "broken invariant");
}

TEST(LruMap, VisitsTheLeastRecentlyUsedFirst) {
  LruMap<int, int> map(3);
  map.insert(1, 10);
  map.insert(2, 20);
  map.insert(3, 30);
  (void)map.find(1);
  std::vector<int> seen;
  map.visit([&](int key, int& value) { seen.push_back(key * 100 + value); });
  EXPECT_EQ(seen, (std::vector<int>{220, 330, 110}));
}

}  // namespace
}  // namespace signpost
