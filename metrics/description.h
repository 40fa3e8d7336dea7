// What an instrument counts: its name, its help text and its labels.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

// What values a label has, for the reference.
struct LabelDescription {
  std::string_view name;
  std::span<const std::string_view> values{};  // the closed set; empty: an open one
  std::string_view open{};                     // which: "as written in `bind`"
};

struct Description {
  std::string_view name;  // "signpost_…", counters end in "_total"
  std::string_view help;  // the question that the number answers, and when to worry
  std::span<const LabelDescription> labels{};  // all labels, in any order, if they are described
};

}  // namespace signpost::metrics
