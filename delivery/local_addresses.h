// The addresses of this machine's interfaces.
#pragma once

#include "base/clock.h"
#include "net/address.h"

#include <chrono>
#include <optional>
#include <vector>

namespace signpost::delivery {

// Belongs to one thread. Asks the system at most once a minute: addresses come and go.
class LocalAddresses {
 public:
  static constexpr std::chrono::minutes kKept{1};

  // Holds until the next call. If the system does not answer: the previous ones.
  const std::vector<net::IpAddress>& at(SteadyTime now);

 private:
  std::vector<net::IpAddress> addresses_;
  std::optional<SteadyTime> asked_;
};

}  // namespace signpost::delivery
