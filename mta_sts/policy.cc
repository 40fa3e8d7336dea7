#include "mta_sts/policy.h"

#include "base/ascii.h"
#include "base/enum_texts.h"
#include "dns/name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

namespace signpost::mta_sts {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kShown = 64;  // octets of a value that an error shows
constexpr std::size_t kMaxAgeDigits = 10;

Failure invalid(std::string detail) { return fail(Errc::InvalidArgument, std::move(detail)); }

std::string shown(std::string_view value) { return ascii::printable(value, kShown); }

// The first field of each name, as it stands.
struct Fields {
  std::optional<std::string_view> version;
  std::optional<std::string_view> mode;
  std::optional<std::string_view> max_age;
  std::vector<std::string_view> mx;

  std::optional<std::string_view>* single(std::string_view name) {
    if (name == "version") return &version;
    if (name == "mode") return &mode;
    if (name == "max_age") return &max_age;
    return nullptr;
  }
};

Result<void> read_line(std::string_view line, Fields& fields) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};  // no field, and unknown ones are ignored
  const std::string_view name = ascii::trim(line.substr(0, colon));
  const std::string_view value = ascii::trim(line.substr(colon + 1));
  if (name == "mx") {
    if (fields.mx.size() == kMaxMxPatterns) {
      return invalid(fmt::format("it has more than {} mx fields", kMaxMxPatterns));
    }
    fields.mx.push_back(value);
  } else if (auto* const single = fields.single(name); single != nullptr && !*single) {
    *single = value;
  }
  return {};
}

Result<Mode> mode_of(std::string_view text) {
  const auto found = std::ranges::find(kTexts<Mode>, text);
  if (found == kTexts<Mode>.end()) {
    return invalid(fmt::format("\"{}\" is not a mode", shown(text)));
  }
  return static_cast<Mode>(std::distance(kTexts<Mode>.begin(), found));
}

Result<std::chrono::seconds> max_age_of(std::string_view text) {
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.size() > kMaxAgeDigits || error != std::errc() || end != text.data() + text.size()) {
    return invalid(fmt::format("max_age is \"{}\", not a number of seconds", shown(text)));
  }
  return std::min(kMaxMaxAge, std::chrono::seconds(seconds));
}

Result<std::string> pattern_of(std::string_view text) {
  constexpr std::string_view kWildcard = "*.";
  const bool wildcard = text.starts_with(kWildcard);
  auto name = dns::canonical_name(text.substr(wildcard ? kWildcard.size() : 0));
  if (!name || name->empty()) {
    return invalid(fmt::format("mx is \"{}\", not the name of a host", shown(text)));
  }
  return wildcard ? std::string(kWildcard) + *name : std::move(*name);
}

Result<Policy> policy_of(const Fields& fields) {
  if (!fields.version) return invalid("it has no version");
  if (*fields.version != "STSv1") {
    return invalid(fmt::format("its version is \"{}\", not STSv1", shown(*fields.version)));
  }
  if (!fields.mode) return invalid("it has no mode");
  if (!fields.max_age) return invalid("it has no max_age");
  const auto mode = mode_of(*fields.mode);
  if (!mode) return Failure(mode.error());
  const auto max_age = max_age_of(*fields.max_age);
  if (!max_age) return Failure(max_age.error());
  Policy policy{.id = {}, .mode = *mode, .mx = {}, .max_age = *max_age, .lines = {}};
  for (const std::string_view mx : fields.mx) {
    auto pattern = pattern_of(mx);
    if (!pattern) return Failure(std::move(pattern).error());
    policy.mx.push_back(std::move(*pattern));
  }
  if (policy.mx.empty() && policy.mode != Mode::None) return invalid("it has no mx");
  return policy;
}

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
  if (text.size() > kMaxPolicyText) {
    return invalid(fmt::format("it has more than {} octets", kMaxPolicyText));
  }
  if (!ascii::is_utf8(text)) return invalid("it is not UTF-8");
  Fields fields;
  std::vector<std::string> lines;
  for (std::string_view line : ascii::split(text, '\n')) {
    line = ascii::trim(line);
    if (line.empty()) continue;
    std::string kept(line);
    std::ranges::replace(kept, '\t', ' ');
    if (std::ranges::any_of(kept, ascii::is_control)) {
      return invalid(fmt::format("the line \"{}\" has control characters", shown(line)));
    }
    if (auto read = read_line(line, fields); !read) return Failure(std::move(read).error());
    lines.push_back(std::move(kept));
  }
  auto policy = policy_of(fields);
  if (policy) policy->lines = std::move(lines);
  return policy;
}

bool lists(const Policy& policy, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::ranges::any_of(policy.mx, [host](std::string_view pattern) {
    if (!pattern.starts_with("*.")) return ascii::equals_ignore_case(host, pattern);
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 &&
           ascii::equals_ignore_case(host.substr(dot + 1), pattern.substr(2));
  });
}

}  // namespace signpost::mta_sts
