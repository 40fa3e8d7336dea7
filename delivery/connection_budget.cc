#include "delivery/connection_budget.h"

#include "base/check.h"

namespace signpost::delivery {

std::size_t ConnectionBudget::reserve(std::size_t preferred) {
  CHECK(preferred < of_worker_.size());
  std::size_t chosen = preferred;
  for (std::size_t worker = 0; worker < of_worker_.size(); ++worker) {
    if (of_worker_[worker] < of_worker_[chosen]) chosen = worker;
  }
  ++of_worker_[chosen];
  ++connecting_;
  return chosen;
}

void ConnectionBudget::ready() {
  CHECK(connecting_ > 0);
  --connecting_;
  ++connected_;
}

void ConnectionBudget::ended(std::size_t worker, bool was_ready) {
  std::size_t& count = was_ready ? connected_ : connecting_;
  CHECK(count > 0 && of_worker_[worker] > 0);
  --count;
  --of_worker_[worker];
}

void ConnectionBudget::ended_beside() {
  CHECK(beside_ > 0);
  --beside_;
}

}  // namespace signpost::delivery
