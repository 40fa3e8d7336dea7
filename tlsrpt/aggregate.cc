#include "tlsrpt/aggregate.h"

#include "base/utc.h"

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

std::string day_text(std::chrono::sys_days day) {
  constexpr std::size_t kDate = 10;  // octets
  return utc_text(day).substr(0, kDate);
}

}  // namespace signpost::tlsrpt
