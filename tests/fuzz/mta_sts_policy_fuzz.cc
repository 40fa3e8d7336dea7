// The text of an MTA-STS policy: any text is read or refused, within its bounds, and what is kept
// of it for reports is read as the same policy.
#include "base/ascii.h"
#include "base/check.h"
#include "mta_sts/policy.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace mta_sts = signpost::mta_sts;
  namespace ascii = signpost::ascii;
  const auto policy =
      mta_sts::parse_policy(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!policy) {
    CHECK(!policy.error().detail.empty());
    return 0;
  }
  CHECK(policy->mx.size() <= mta_sts::kMaxMxPatterns);
  CHECK(!policy->mx.empty() || policy->mode == mta_sts::Mode::None);
  CHECK(policy->max_age >= std::chrono::seconds(0) && policy->max_age <= mta_sts::kMaxMaxAge);
  std::string text;
  for (const std::string& line : policy->lines) {
    CHECK(!line.empty() && ascii::is_utf8(line));
    CHECK(std::ranges::none_of(line, ascii::is_control));
    text.append(line).append("\n");
  }
  const auto again = mta_sts::parse_policy(text);
  CHECK(again.has_value());
  CHECK(*again == *policy);
  for (const std::string& pattern : policy->mx) {
    const std::string host = pattern.starts_with("*.") ? "a" + pattern.substr(1) : pattern;
    CHECK(mta_sts::lists(*policy, host));
  }
  return 0;
}
