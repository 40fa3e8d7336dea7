// MTA-STS policies: which mail exchangers a domain has, and that they prove who they are
// (RFC 8461 section 3.2). Pure.
#pragma once

#include "base/result.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::mta_sts {

enum class Mode : std::uint8_t {
  None,     // the domain has no policy any more
  Testing,  // failures are reported, and mail is delivered all the same
  Enforce,  // mail goes to hosts that the policy lists and whose certificate proves them
};
constexpr std::array<std::string_view, 3> texts_of(Mode) { return {"none", "testing", "enforce"}; }

struct Policy {
  std::string id;  // of the TXT record that announced it: record.h
  Mode mode = Mode::None;
  // Patterns in lower case, without a trailing dot: "mx.example.net", "*.example.net".
  std::vector<std::string> mx;
  std::chrono::seconds max_age{0};
  // The lines of the text that are not empty, for reports (RFC 8460 section 4.2: policy-string):
  // UTF-8 without control characters.
  std::vector<std::string> lines;
  friend bool operator==(const Policy&, const Policy&) = default;
};

inline constexpr std::size_t kMaxPolicyText = 64 * 1024;  // octets (section 3.3)
inline constexpr std::size_t kMaxMxPatterns = 100;
inline constexpr std::chrono::seconds kMaxMaxAge{31'557'600};  // a longer one counts as this

// The policy that `text` is, without an id. Lines end with LF or CRLF. Unknown fields are ignored,
// as are lines that are no field, and all fields of one name but the first, except mx.
// InvalidArgument with the reason in words, of which parts are the text's, made printable.
Result<Policy> parse_policy(std::string_view text);

// Whether `host`, as MX records name it, matches one of the policy's patterns (section 4.1): "*."
// stands for one label. In any case, with or without a trailing dot.
bool lists(const Policy& policy, std::string_view host);

}  // namespace signpost::mta_sts
