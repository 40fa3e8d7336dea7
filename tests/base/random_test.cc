#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace signpost {
namespace {

TEST(Random, StaysBelowItsBoundAndReachesAllBelowIt) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t value = Random::local().below(7);
    ASSERT_LT(value, 7U);
    seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(Random::local().below(1), 0U);
}

TEST(Random, FractionsLieInTheHalfOpenUnitInterval) {
  double sum = 0;
  constexpr int kRounds = 10000;
  for (int i = 0; i < kRounds; ++i) {
    const double value = Random::local().fraction();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / kRounds, 0.5, 0.05);  // 17 standard deviations
}

TEST(Random, ThreadsDrawDifferentNumbers) {
  std::array<std::uint64_t, 2> first{};
  for (auto& value : first) std::thread([&value] { value = Random::local()(); }).join();
  EXPECT_NE(first[0], first[1]);
}

TEST(Random, EqualSeedsMakeEqualNumbers) {
  Random one(7);
  Random same(7);
  Random other(8);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = one();
    ASSERT_EQ(value, same());
    ASSERT_NE(value, other());
  }
}

TEST(Random, ASeedOfZeroIsAsGoodAsAny) {
  Random random(0);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
  EXPECT_EQ(seen.size(), 7U);
}

TEST(Random, ServesTheStandardAlgorithms) {
  std::vector<int> values{1, 2, 3, 4, 5, 6, 7, 8};
  const auto sorted = values;
  std::ranges::shuffle(values, Random::local());
  std::ranges::sort(values);
  EXPECT_EQ(values, sorted);
}

TEST(SecretBytes, AreAsManyAsAskedForAndNeverTheSame) {
  EXPECT_EQ(secret_bytes(0), "");
  const std::string bytes = secret_bytes(32);
  EXPECT_EQ(bytes.size(), 32U);
  EXPECT_NE(bytes, secret_bytes(32));
}

}  // namespace
}  // namespace signpost
