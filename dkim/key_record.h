// The TXT record that publishes a key (RFC 6376 section 3.6).
#pragma once

#include "base/result.h"
#include "dkim/key.h"

#include <string>
#include <string_view>

namespace signpost::dkim {

std::string record_name(std::string_view domain, std::string_view selector);  // s._domainkey.d
std::string record_text(const PrivateKey& key);  // "v=DKIM1; k=rsa; p=…", one string

// One line for a zone file: the text split into strings of at most 255 octets (RFC 1035 section
// 3.3.14), in parentheses when there are several.
std::string zone_file_line(std::string_view domain, std::string_view selector,
                           const PrivateKey& key);

struct KeyRecord {
  Algorithm algorithm = Algorithm::RsaSha256;
  std::string public_key;  // p=, base64, blanks removed; empty: revoked
  bool testing = false;    // t=y
  bool strict = false;     // t=s
};
Result<KeyRecord> parse_key_record(std::string_view text);

}  // namespace signpost::dkim
