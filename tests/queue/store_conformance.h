// What every engine of the queue must do. A test program of an engine compiles
// store_conformance.cc and names its engine:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(&make_memory_subject));
#pragma once

#include "queue/store.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace signpost::queue {

// An engine with an empty queue of its own.
class ConformanceSubject {
 public:
  virtual ~ConformanceSubject() = default;
  virtual Store& store() = 0;
  // Closes the store and opens it again, if its engine keeps anything over that.
  virtual void reopen() {}
};

using MakeSubject = std::unique_ptr<ConformanceSubject> (*)();

class StoreConformance : public testing::TestWithParam<MakeSubject> {
 protected:
  void SetUp() override { subject_ = GetParam()(); }

  Store& store() { return subject_->store(); }
  void reopen() { subject_->reopen(); }
  void apply(const Change& change);
  void apply_group(const std::vector<Change>& changes);

  // All that is found page by page, `limit` at a time.
  std::vector<JobRef> list(const JobFilter& filter, std::size_t limit = 100);
  std::vector<WaitingLane> lanes(std::size_t limit = 100);
  // Claims what is due in `lane` until `until` and gives the claims back.
  std::vector<Job> due(const Lane& lane, SystemTime until);

 private:
  std::unique_ptr<ConformanceSubject> subject_;
};

}  // namespace signpost::queue
