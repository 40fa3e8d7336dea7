// What net/ reports.
#pragma once

#include "base/event.h"

#include <string_view>

namespace signpost::net::events {

struct AcceptFailed {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("accept_failed", log::Level::Warning,
                    "No connection can be accepted for lack of descriptors or memory. The listener "
                    "tries again shortly.",
                    log::field("detail", &AcceptFailed::detail, "The reason in words."));
};

}  // namespace signpost::net::events
