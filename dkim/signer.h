// Makes DKIM-Signature fields (RFC 6376 section 5). Any thread; no sockets, no clock.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "dkim/canonicalization.h"
#include "dkim/key.h"
#include "message/header_section.h"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::dkim {

// The fields that are signed when present (RFC 6376 section 5.4.1, and RFC 8058 for the List-
// fields), and those that are signed once more than they occur, so that none can be added.
const std::vector<std::string>& default_signed_fields();
const std::vector<std::string>& default_oversigned_fields();

// One signature to make: constant after construction, shared by all workers.
struct SigningIdentity {
  std::string domain;    // d=, as A-labels
  std::string selector;  // s=
  std::shared_ptr<const PrivateKey> key;
  CanonicalizationPair canonicalization;
  std::vector<std::string> signed_fields = default_signed_fields();          // h=
  std::vector<std::string> oversigned_fields = default_oversigned_fields();  // h=, n + 1 times
  std::optional<std::chrono::seconds> expire;  // x= = t= + this; absent: no x=
};

// The DKIM-Signature fields of all `identities`, each folded below 78 octets and ended with CRLF,
// in order: put them on top of `content` and change nothing after that. The body is hashed once for
// each canonicalization in use. From is always signed; l= is never used. Fails unless `header` has
// exactly one From field, or when OpenSSL does.
Result<std::string> sign(std::span<const SigningIdentity> identities,
                         const message::HeaderSection& header, SystemTime now);

}  // namespace signpost::dkim
