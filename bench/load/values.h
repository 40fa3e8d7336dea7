// Values of signpost-load's command line in forms of their own: times, rates, stages.
#pragma once

#include "bench/load/schedule.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::bench {

// "250ms", "10s", "5m", "1h", or seconds: "90".
std::optional<std::chrono::nanoseconds> parse_time(std::string_view text);

// "200/s", "6000/min", "200": messages a second.
std::optional<double> parse_rate(std::string_view text);

// "30s:500/s"; the time is longer than none.
std::optional<Stage> parse_stage(std::string_view text);

// The number that `text` begins with, which is then taken from its front.
std::optional<double> take_number(std::string_view& text);

}  // namespace signpost::bench
