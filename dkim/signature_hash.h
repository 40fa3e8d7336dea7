// What a signature covers (RFC 6376 section 3.7): the hash of the body, and the hash of the
// chosen header fields with the DKIM-Signature field itself.
#pragma once

#include "dkim/canonicalization.h"
#include "dkim/field_index.h"
#include "dkim/openssl.h"

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace signpost::dkim {

struct BodyHash {
  Sha256::Digest digest;
  std::uint64_t octets;  // of the whole canonical body, even if less of it was hashed
};

// `limit`: l= of a signature that is verified.
BodyHash hash_body(Canonicalization method, std::string_view body,
                   std::uint64_t limit = std::numeric_limits<std::uint64_t>::max());

// `names`: h=, one entry for each instance, the last instance of a name first (section 5.4.2); an
// entry without an instance counts as the empty string. `signature_field`: DKIM-Signature with an
// empty b=, with or without its final CRLF.
Sha256::Digest hash_header(Canonicalization method, const FieldIndex& fields,
                           const std::vector<std::string_view>& names,
                           std::string_view signature_field);

}  // namespace signpost::dkim
