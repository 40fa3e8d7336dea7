// Checks DKIM-Signature fields (RFC 6376 section 6). The caller looks up the key records.
#pragma once

#include "base/clock.h"
#include "message/header_section.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::dkim {

enum class Verdict { Pass, Fail, PermError };

struct SignatureResult {
  Verdict verdict = Verdict::PermError;
  std::string domain;
  std::string selector;
  std::string algorithm;
  std::string reason;  // why not Pass
};

// The TXT record at `name`: its text, or nothing when there is none.
using RecordSource = std::function<std::optional<std::string>(std::string_view name)>;

// One result for each DKIM-Signature field, in order.
std::vector<SignatureResult> verify(const message::HeaderSection& header,
                                    const RecordSource& records, SystemTime now);

}  // namespace signpost::dkim
