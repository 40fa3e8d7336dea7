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

TEST(FaultStore, MessageGoesWithItsLastJob) {
  FaultStore store;
  const MessageId id = id_at(kNoon);
  ASSERT_TRUE(apply(store, samples::enqueue(id, 2)));
  ASSERT_TRUE(apply(store, samples::remove(samples::job(id, 0))));
  EXPECT_TRUE(store.envelope(id));
  ASSERT_TRUE(apply(store, samples::remove(samples::job(id, 1))));
  EXPECT_EQ(store.rows(), 0U);
}

}  // namespace
}  // namespace signpost::queue
