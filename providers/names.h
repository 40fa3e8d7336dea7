// Names of providers are labels of metrics.
#pragma once

#include <cstddef>
#include <string_view>

namespace signpost::providers {

// What metrics and events call the receivers that are no provider's. No provider has the name.
inline constexpr std::string_view kOther = "other";
// The queue's receivers before they are looked up. No provider has the name.
inline constexpr std::string_view kUnknown = "unknown";

// Metrics have numbers for each.
inline constexpr std::size_t kMostProviders = 99;

}  // namespace signpost::providers
