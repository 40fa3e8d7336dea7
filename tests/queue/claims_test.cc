#include "queue/claims.h"

#include <gtest/gtest.h>

namespace signpost::queue {
namespace {

TEST(Claims, AJobHasOneHolderThroughAllItsRevisions) {
  Claims claims;
  JobRef job{{}, 1, 0};
  EXPECT_TRUE(claims.take(job));
  job.revision = 7;
  EXPECT_FALSE(claims.take(job));
  EXPECT_TRUE(claims.contains(job));
  EXPECT_EQ(claims.size(), 1U);
  claims.release(job);
  EXPECT_FALSE(claims.contains(job));
  EXPECT_TRUE(claims.take(job));
}

TEST(Claims, JobsOfOneMessageAreClaimedSeparately) {
  Claims claims;
  EXPECT_TRUE(claims.take({{}, 0, 0}));
  EXPECT_TRUE(claims.take({{}, 1, 0}));
  EXPECT_EQ(claims.size(), 2U);
}

TEST(Claims, OnlyWhatASessionHasIsActive) {
  Claims claims;
  ASSERT_TRUE(claims.take({{}, 0, 0}));
  ASSERT_TRUE(claims.take({{}, 1, 0}));
  EXPECT_EQ(claims.active(), 0U);
  claims.set_active({{}, 1, 7}, true);
  claims.set_active({{}, 1, 7}, true);
  EXPECT_TRUE(claims.is_active({{}, 1, 0}));
  EXPECT_FALSE(claims.is_active({{}, 0, 0}));
  EXPECT_EQ(claims.active(), 1U);
  claims.set_active({{}, 1, 0}, false);
  EXPECT_EQ(claims.active(), 0U);
  EXPECT_TRUE(claims.contains({{}, 1, 0})) << "it is still claimed";
}

TEST(Claims, WhatIsReleasedIsNoLongerActive) {
  Claims claims;
  ASSERT_TRUE(claims.take({{}, 0, 0}));
  claims.set_active({{}, 0, 0}, true);
  claims.release({{}, 0, 0});
  EXPECT_EQ(claims.active(), 0U);
  claims.set_active({{}, 0, 0}, true);
  EXPECT_EQ(claims.active(), 0U) << "nobody holds it";
  ASSERT_TRUE(claims.take({{}, 0, 0}));
  EXPECT_FALSE(claims.is_active({{}, 0, 0}));
}

TEST(Claims, ReleaseOfWhatNobodyHoldsChangesNothing) {
  Claims claims;
  ASSERT_TRUE(claims.take({{}, 0, 0}));
  claims.release({{}, 1, 0});
  EXPECT_EQ(claims.size(), 1U);
  EXPECT_TRUE(claims.contains({{}, 0, 0}));
}

}  // namespace
}  // namespace signpost::queue
