#include "mta_sts/policy_cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace signpost::mta_sts {
namespace {

using namespace std::chrono_literals;

constexpr SystemTime kNow{1'700'000'000s};

KeptPolicy kept(std::size_t octets = 10, std::chrono::seconds max_age = 1h) {
  return {.policy = std::make_shared<const Policy>(Policy{.id = "",
                                                          .mode = Mode::Enforce,
                                                          .mx = {},
                                                          .max_age = max_age,
                                                          .lines = {std::string(octets, 'x')}}),
          .fetched = kNow,
          .used = kNow};
}

std::size_t size(const PolicyCache& cache) {
  std::size_t count = 0;
  cache.visit([&](const std::string&, const KeptPolicy&) { ++count; });
  return count;
}

TEST(PolicyCache, FindsWhatHasNotExpired) {
  PolicyCache cache;
  cache.keep("a.example", kept(), kNow);
  EXPECT_NE(cache.find("a.example", kNow + 1h - 1s), nullptr);
  EXPECT_EQ(cache.find("a.example", kNow + 1h), nullptr);
  EXPECT_EQ(cache.find("b.example", kNow), nullptr);
}

TEST(PolicyCache, ALaterPolicyReplacesTheOneBefore) {
  PolicyCache cache;
  cache.keep("a.example", kept(), kNow);
  cache.keep("a.example", kept(), kNow);
  EXPECT_EQ(size(cache), 1u);
  EXPECT_EQ(cache.modes()[static_cast<std::size_t>(Mode::Enforce)], 1u);
}

TEST(PolicyCache, TheLeastRecentlyUsedMakeRoom) {
  PolicyCache cache(16, 1 << 20);
  for (int i = 0; i < 16; ++i) cache.keep("d" + std::to_string(i), kept(), kNow);
  EXPECT_NE(cache.find("d0", kNow), nullptr);  // used
  cache.keep("more", kept(), kNow);
  EXPECT_EQ(size(cache), 15u);
  EXPECT_NE(cache.find("d0", kNow), nullptr);
  EXPECT_EQ(cache.find("d1", kNow), nullptr);
  EXPECT_EQ(cache.find("d2", kNow), nullptr);
  EXPECT_NE(cache.find("d3", kNow), nullptr);
  EXPECT_NE(cache.find("more", kNow), nullptr);
  EXPECT_EQ(cache.modes()[static_cast<std::size_t>(Mode::Enforce)], 15u);
}

TEST(PolicyCache, ExpiredOnesMakeRoomFirst) {
  PolicyCache cache(8, 1 << 20);
  for (int i = 0; i < 8; ++i) cache.keep("d" + std::to_string(i), kept(10, i < 4 ? 2h : 1h), kNow);
  cache.keep("more", kept(), kNow + 1h);
  EXPECT_EQ(cache.find("d0", kNow), nullptr);  // an eighth, whatever they are
  for (int i = 1; i < 4; ++i) EXPECT_NE(cache.find("d" + std::to_string(i), kNow), nullptr) << i;
  for (int i = 4; i < 8; ++i) EXPECT_EQ(cache.find("d" + std::to_string(i), kNow), nullptr) << i;
}

TEST(PolicyCache, IsBoundedInOctets) {
  PolicyCache cache(100, 1000);
  for (int i = 0; i < 100; ++i) cache.keep("d" + std::to_string(i), kept(196), kNow);
  EXPECT_LE(size(cache), 5u);
  EXPECT_NE(cache.find("d99", kNow), nullptr);
}

}  // namespace
}  // namespace signpost::mta_sts
