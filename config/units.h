// Durations, sizes and shares as they are written in the configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::config {

// "250ms", "30s", "5m", "4h", "5d": a whole number and one unit. Nothing if it is not that, or does
// not fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string duration_text(std::chrono::milliseconds duration);  // in the largest whole unit

// "1024", "64KB", "50MiB", "1GiB": B, KB, MB, GB, TB are powers of 1000; KiB, MiB, … of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string size_text(std::uint64_t octets);  // in the largest whole unit of 1024

// "5%", "0.5%" as 0.05, 0.005; 0% to 100%.
std::optional<double> parse_share(std::string_view text);
std::string share_text(double share);

}  // namespace signpost::config
