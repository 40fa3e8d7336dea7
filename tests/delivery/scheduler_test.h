// What the tests of the scheduler share: a world on virtual time with one lane and one site.
#pragma once

#include "tests/delivery/delivery_world.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace signpost::delivery {

inline const queue::Lane kLane{"a.example", "shop", ""};
inline const std::string kSite = "mx:a.example";

class SchedulerTest : public testing::Test {
 protected:
  std::size_t attempts(const std::vector<queue::Job>& jobs) const {
    std::size_t count = 0;
    for (const queue::Job& job : jobs) count += world_.attempts(job);
    return count;
  }
  std::vector<queue::Job> submit(const queue::Lane& lane, std::size_t count) {
    std::vector<queue::Job> jobs;
    for (std::size_t i = 0; i < count; ++i) jobs.push_back(world_.submit(lane));
    return jobs;
  }

  test::DeliveryWorld world_;
};

}  // namespace signpost::delivery
