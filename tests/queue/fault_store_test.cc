// The store that other tests rely on to lose data does so.
#include "tests/support/fault_store.h"

#include "tests/queue/samples.h"

#include <gtest/gtest.h>

namespace signpost::queue {
namespace {

using samples::apply;
using samples::id_at;
using samples::kNoon;
using test::FaultStore;

TEST(FaultStore, CrashKeepsWhatWasSyncedAndForgetsTheRest) {
  FaultStore store;
  ASSERT_TRUE(apply(store, samples::enqueue(id_at(kNoon, 1))));
  store.lose_syncs();
  ASSERT_TRUE(apply(store, samples::enqueue(id_at(kNoon, 2))));
  EXPECT_TRUE(store.content(id_at(kNoon, 2)));
  store.crash();
  EXPECT_TRUE(store.content(id_at(kNoon, 1)));
  EXPECT_FALSE(store.content(id_at(kNoon, 2)));
}

TEST(FaultStore, FailedWriteLeavesNothing) {
  FaultStore store;
  store.fail_writes("medium error");
  EXPECT_FALSE(apply(store, samples::enqueue(id_at(kNoon))));
  EXPECT_EQ(store.rows(), 0U);
  store.heal();
  EXPECT_TRUE(apply(store, samples::enqueue(id_at(kNoon))));
}

TEST(FaultStore, WriteAfterAHealSyncsAllBeforeIt) {
  FaultStore store;
  store.lose_syncs();
  ASSERT_TRUE(apply(store, samples::enqueue(id_at(kNoon, 1))));
  store.heal();
  ASSERT_TRUE(apply(store, samples::enqueue(id_at(kNoon, 2))));
  store.crash();
  EXPECT_TRUE(store.content(id_at(kNoon, 1)));
  EXPECT_TRUE(store.content(id_at(kNoon, 2)));
}

TEST(FaultStore, FailedReadIsAnErrorNotAnEmptyAnswer) {
  FaultStore store;
  ASSERT_TRUE(apply(store, samples::enqueue(id_at(kNoon))));
  store.fail_reads("medium error");
  EXPECT_EQ(store.jobs({}, {}, 10).error().detail, "medium error");
  EXPECT_EQ(store.lanes({}, 10).error().code, Errc::Io);
  EXPECT_FALSE(store.claim({id_at(kNoon), 0, 0}));
  EXPECT_EQ(store.claims().size(), 0U);
  store.heal();
  EXPECT_EQ(store.lanes({}, 10).value().lanes.size(), 1U);
}

}  // namespace
}  // namespace signpost::queue
