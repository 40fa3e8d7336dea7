#include "tlsrpt/aggregate.h"

namespace signpost::tlsrpt {

std::uint64_t Aggregate::sessions() const {
  std::uint64_t sum = 0;
  for (const PolicyCount& each : policies) sum += each.successful + each.failed;
  return sum;
}

std::uint64_t Aggregate::failed() const {
  std::uint64_t sum = 0;
  for (const PolicyCount& each : policies) sum += each.failed;
  return sum;
}

}  // namespace signpost::tlsrpt
