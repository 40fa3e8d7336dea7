// The addresses of this machine's interfaces.
#pragma once

#include "base/clock.h"
#include "net/address.h"

#include <chrono>
#include <optional>
#include <vector>

namespace signpost::delivery {

// One thread's. Asks the system at most once a minute: addresses come and go.
class LocalAddresses {
 public:
  static constexpr std::chrono::minutes kKept{1};

  // Holds until the next call. Without an answer of the system: those of before.
  const std::vector<net::IpAddress>& at(SteadyTime now);

 private:
  std::vector<net::IpAddress> addresses_;
  std::optional<SteadyTime> asked_;
};

}  // namespace signpost::delivery
