// How often something has happened lately, so that a receiver without a configured rate can be
// sent half of what it has been sent.
#pragma once

#include "base/clock.h"
#include "config/config.h"

#include <chrono>
#include <cstdint>

namespace signpost::delivery {

// Pure: time comes from the caller. Looks back for one to two minutes, but not beyond a pause of
// ten seconds: a burst after a quiet time counts as what it is.
class ObservedRate {
 public:
  static constexpr std::uint64_t kLeast = 60;

  void happened(SteadyTime now, std::uint64_t count);
  // At least kLeast a minute: who was sent little may take more than that.
  config::Rate rate(SteadyTime now) const;

 private:
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::chrono::seconds kPause{10};

  std::uint64_t earlier_ = 0;  // in the window before `from_`
  std::uint64_t count_ = 0;    // since `from_`
  SteadyTime began_{};         // of what is counted
  SteadyTime from_{};
  SteadyTime last_{};
};

}  // namespace signpost::delivery
