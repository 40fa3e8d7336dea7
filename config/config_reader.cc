#include "config/config_reader.h"

#include "base/ascii.h"
#include "config/units.h"

#include <fmt/format.h>

#include <filesystem>

namespace signpost::config {

namespace {

// The number of insertions, deletions, replacements and swaps of neighbours from `a` to `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// The word of `known` that `word` was probably meant to be; "" if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t kLongestName = 64;
  if (word.size() > kLongestName) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least || distance >= candidate.size()) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

// A key in the wrong table is a common mistake.
std::vector<std::string> tables_with(const ReadContext& context, std::string_view key) {
  return context.tables_with == nullptr ? std::vector<std::string>() : context.tables_with(key);
}

}  // namespace

void ConfigErrors::add(TomlPosition where, std::string key, std::string message) {
  // After those of the same place: the order in which they were found.
  const auto place = std::ranges::upper_bound(errors_, where, {}, [](const ConfigError& error) {
    return TomlPosition{error.line, error.column};
  });
  errors_.insert(place, {file_, where.line, where.column, std::move(key), std::move(message)});
}

void Setting::wrong(const TomlValue& where, std::string_view what) {
  context_.errors.add(where.begin, full_name_, fmt::format("{}; write {}", what, key_.expect));
}

void Setting::wrong_kind(const TomlValue& where) {
  context_.errors.add(where.begin, full_name_,
                      fmt::format("found {}, expected {}", describe(where.kind), key_.expect));
}

const std::string* Setting::string_of(const TomlValue& where) {
  if (where.kind == TomlValue::Kind::String) return &where.string;
  wrong_kind(where);
  return nullptr;
}

const bool* Setting::boolean() {
  if (value_.kind == TomlValue::Kind::Boolean) return &value_.boolean;
  wrong_kind(value_);
  return nullptr;
}

const std::int64_t* Setting::integer(std::int64_t smallest, std::int64_t largest) {
  if (value_.kind != TomlValue::Kind::Integer) {
    wrong_kind(value_);
    return nullptr;
  }
  if (value_.integer >= smallest && value_.integer <= largest) return &value_.integer;
  wrong(fmt::format("{} is too {}", value_.integer, value_.integer < smallest ? "small" : "large"));
  return nullptr;
}

std::optional<std::chrono::milliseconds> Setting::duration(const TomlValue& where,
                                                           std::chrono::milliseconds shortest,
                                                           std::chrono::milliseconds longest) {
  const std::string* text = string_of(where);
  if (text == nullptr) return {};
  const auto duration = parse_duration(*text);
  if (!duration) {
    wrong(where, fmt::format("{} is not a duration", shown(*text)));
  } else if (*duration < shortest || *duration > longest) {
    wrong(where,
          fmt::format("{} is too {}", shown(*text), *duration < shortest ? "short" : "long"));
  } else {
    return duration;
  }
  return {};
}

std::optional<std::uint64_t> Setting::size(std::uint64_t smallest, std::uint64_t largest) {
  const std::string* text = string();
  if (text == nullptr) return {};
  const auto size = parse_size(*text);
  if (!size) {
    wrong(fmt::format("{} is not a size", shown(*text)));
  } else if (*size < smallest || *size > largest) {
    wrong(fmt::format("{} is too {}", shown(*text), *size < smallest ? "small" : "large"));
  } else {
    return size;
  }
  return {};
}

std::optional<std::string> Setting::path() {
  const std::string* text = string();
  if (text == nullptr) return {};
  // The system's calls would stop at a NUL and open some other file.
  if (text->empty() || text->find('\0') != std::string::npos) {
    wrong(fmt::format("{} is not a path", shown(*text)));
    return {};
  }
  return (std::filesystem::path(context_.directory) / *text).lexically_normal();
}

const std::vector<TomlValue>* Setting::strings() {
  if (value_.kind != TomlValue::Kind::Array) {
    wrong_kind(value_);
    return nullptr;
  }
  for (const TomlValue& item : value_.items) {
    if (item.kind == TomlValue::Kind::String) continue;
    wrong(item, fmt::format("found {} in an array of strings", describe(item.kind)));
    return nullptr;
  }
  return &value_.items;
}

void unknown_key(const ReadContext& context, const TomlMember& member, const std::string& section,
                 const std::vector<std::string>& known, std::string_view what) {
  const std::string name = ascii::printable(member.key, 100);
  std::string message = fmt::format("unknown {}", what == "tables" ? "table" : "key");
  if (const std::string near = nearest(member.key, known); !near.empty()) {
    message += fmt::format("; did you mean {}?", toml_string(near));
  } else if (const auto others = tables_with(context, member.key); !others.empty()) {
    message += fmt::format("; it belongs to {}", fmt::join(others, " or "));
  } else {
    message += fmt::format("; the {} are {}", what, fmt::join(known, ", "));
  }
  context.errors.add(member.begin, section.empty() ? name : section + "." + name,
                     std::move(message));
}

void note_place(const ReadContext& context, std::string name, const TomlValue& where) {
  if (context.places == nullptr) return;
  context.places->push_back({std::move(name), where.begin.line, where.begin.column});
}

void missing_key(const ReadContext& context, const TomlValue& table, const std::string& section,
                 const KeyText& key) {
  context.errors.add(table.begin, section.empty() ? key.name : section + "." + key.name,
                     fmt::format("missing; write {}", key.expect));
}

}  // namespace signpost::config
