#include "dns/service_watch.h"

#include <gtest/gtest.h>

#include <chrono>

namespace signpost::dns {
namespace {

constexpr SteadyTime kBegin{std::chrono::hours(1)};

TEST(ServiceWatch, SeveralNamesInARowAreAnOutage) {
  ServiceWatch watch;
  watch.failed("a.example", "time-out", kBegin);
  watch.failed("b.example", "time-out", kBegin);
  EXPECT_FALSE(watch.is_down());
  EXPECT_FALSE(watch.take_change(kBegin));
  watch.failed("c.example", "connection refused", kBegin);
  EXPECT_TRUE(watch.is_down());
  const auto change = watch.take_change(kBegin);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->down);
  EXPECT_EQ(change->why, "connection refused");
  EXPECT_EQ(change->questions, 3U);
  EXPECT_FALSE(watch.take_change(kBegin)) << "told once";
}

TEST(ServiceWatch, ItEndsWithTheFirstAnswer) {
  ServiceWatch watch;
  for (const char* name : {"a", "b", "c"}) watch.failed(name, "time-out", kBegin);
  EXPECT_TRUE(watch.take_change(kBegin));
  for (const char* name : {"a", "d"}) watch.failed(name, "time-out", kBegin);
  watch.answered();
  EXPECT_FALSE(watch.is_down());
  const auto change = watch.take_change(kBegin + std::chrono::seconds(90));
  ASSERT_TRUE(change);
  EXPECT_FALSE(change->down);
  EXPECT_EQ(change->lasted, std::chrono::seconds(90));
  EXPECT_EQ(change->questions, 5U);
}

TEST(ServiceWatch, BrokenDomainsAmongOthersAreNone) {
  ServiceWatch watch;
  for (int i = 0; i < 10; ++i) {
    watch.failed("a", "SERVFAIL", kBegin);
    watch.failed("b", "SERVFAIL", kBegin);
    watch.answered();
  }
  for (int i = 0; i < 10; ++i) watch.failed("a", "SERVFAIL", kBegin);
  EXPECT_FALSE(watch.is_down());
  EXPECT_FALSE(watch.take_change(kBegin));
}

TEST(ServiceWatch, WhatCameAndWentUnseenIsNotTold) {
  ServiceWatch watch;
  for (const char* name : {"a", "b", "c"}) watch.failed(name, "time-out", kBegin);
  watch.answered();
  EXPECT_FALSE(watch.take_change(kBegin));
}

}  // namespace
}  // namespace signpost::dns
