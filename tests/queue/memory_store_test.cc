#include "queue/memory_store.h"

#include "tests/queue/samples.h"
#include "tests/queue/store_conformance.h"
#include "tests/support/fault_store.h"

#include <gtest/gtest.h>

namespace signpost::queue {
namespace {

template <typename Engine>
class Subject final : public ConformanceSubject {
 public:
  Store& store() override { return store_; }

 private:
  Engine store_;
};

template <typename Engine>
std::unique_ptr<ConformanceSubject> make() {
  return std::make_unique<Subject<Engine>>();
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(&make<MemoryStore>));
INSTANTIATE_TEST_SUITE_P(Fault, StoreConformance, testing::Values(&make<test::FaultStore>));

TEST(MemoryStore, MessageThatGoesLeavesNoRow) {
  MemoryStore store;
  const MessageId id = samples::id_at(samples::kNoon);
  ASSERT_TRUE(samples::apply(store, samples::enqueue(id, 2)));
  EXPECT_EQ(store.rows(), 5U);  // the message, its jobs, and both in their lanes
  ASSERT_TRUE(samples::apply(store, samples::remove(samples::job(id, 0))));
  ASSERT_TRUE(samples::apply(store, samples::remove(samples::job(id, 1))));
  EXPECT_EQ(store.rows(), 0U);
}

}  // namespace
}  // namespace signpost::queue
