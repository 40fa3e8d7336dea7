// How texts from the network are kept: printable ASCII that JSON need not escape, bounded.
#pragma once

#include "tlsrpt/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace signpost::tlsrpt {

std::string kept_text(std::string_view text);
AppliedPolicy kept(const AppliedPolicy& policy);
Failure kept(const Failure& failure);

// Whether kept(b) is `a`; without making it.
bool is_kept_as(const AppliedPolicy& a, const AppliedPolicy& b);
bool is_kept_as(const Failure& a, const Failure& b);

}  // namespace signpost::tlsrpt
