#include "relay/active_jobs.h"

#include <gtest/gtest.h>

namespace signpost::relay {
namespace {

TEST(ActiveJobs, AJobHasOneHolderThroughAllItsRevisions) {
  ActiveJobs active;
  queue::JobRef job{{}, 1, 0};
  EXPECT_TRUE(active.claim(job));
  job.revision = 7;
  EXPECT_FALSE(active.claim(job));
  EXPECT_TRUE(active.contains(job));
  EXPECT_EQ(active.size(), 1u);
  active.release(job);
  EXPECT_FALSE(active.contains(job));
  EXPECT_TRUE(active.claim(job));
}

TEST(ActiveJobs, JobsOfOneMessageAreClaimedSeparately) {
  ActiveJobs active;
  EXPECT_TRUE(active.claim({{}, 0, 0}));
  EXPECT_TRUE(active.claim({{}, 1, 0}));
  EXPECT_EQ(active.size(), 2u);
}

}  // namespace
}  // namespace signpost::relay
