#include "delivery/observed_rate.h"

#include <gtest/gtest.h>

namespace signpost::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

double a_second(const config::Rate& rate) {
  return static_cast<double>(rate.count) / static_cast<double>(rate.per.count());
}

TEST(ObservedRate, IsAtLeastOneASecond) {
  ObservedRate observed;
  EXPECT_EQ(observed.rate(kStart), (config::Rate{60, seconds(60)}));
  for (int i = 0; i < 10; ++i) observed.happened(kStart + seconds(5) * i, 1);
  EXPECT_EQ(observed.rate(kStart + seconds(50)), (config::Rate{60, seconds(60)}))
      << "a receiver that was sent little is not known to want less";
}

TEST(ObservedRate, SaysWhatHasHappened) {
  ObservedRate observed;
  SteadyTime now = kStart;
  for (int i = 0; i < 300; ++i) {
    observed.happened(now, 1);
    now += milliseconds(100);
  }
  EXPECT_NEAR(a_second(observed.rate(now)), 10, 0.1);
  for (int i = 0; i < 3000; ++i) {  // five minutes: what was long ago does not count
    observed.happened(now, 2);
    now += milliseconds(100);
  }
  EXPECT_NEAR(a_second(observed.rate(now)), 20, 0.2);
}

TEST(ObservedRate, ABurstAfterAQuietTimeCountsAsWhatItIs) {
  ObservedRate observed;
  observed.happened(kStart, 1);
  const SteadyTime later = kStart + std::chrono::hours(2);
  for (int i = 0; i < 50; ++i) observed.happened(later + milliseconds(20) * i, 1);
  EXPECT_NEAR(a_second(observed.rate(later + seconds(1))), 50, 1);
}

TEST(ObservedRate, OneSecondIsTheLeastItDividesBy) {
  ObservedRate observed;
  observed.happened(kStart, 30);
  EXPECT_NEAR(a_second(observed.rate(kStart)), 30, 0.1);
}

}  // namespace
}  // namespace signpost::delivery
