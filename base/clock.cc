#include "base/clock.h"

namespace signpost {

namespace {

class RealClock final : public Clock {
 public:
  SystemTime system_now() const override { return signpost::system_now(); }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace

const Clock& real_clock() {
  static const RealClock clock;
  return clock;
}

}  // namespace signpost
