// The event of the log itself.
#pragma once

#include "base/event.h"

#include <cstdint>

namespace signpost::log::events {

struct LogDropped {
  std::uint64_t lines = 0;
  static constexpr auto kEvent = describe(
      "log_dropped", Level::Warning, "Lines were lost because the reader of the log was too slow.",
      field("lines", &LogDropped::lines, "How many, since the last such line."));
};

}  // namespace signpost::log::events
