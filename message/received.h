// The Received field that the relay puts on top (RFC 5321 section 4.4, RFC 3848, RFC 8314
// section 4.3).
#pragma once

#include "base/clock.h"

#include <string>
#include <string_view>

namespace signpost::message {

struct ReceivedFacts {
  bool origin = true;             // whether it says where the message came from
  std::string_view hello_name;    // the client's own words: made printable, comments escaped
  std::string_view peer_address;  // "192.0.2.1" or "2001:db8::1", as the socket says, or "uid:33"
  std::string_view peer_name;     // of the peer in the DNS; "" if nobody has looked
  bool is_account = false;        // peer_address names an account of this machine
  std::string_view by;            // our hostname
  std::string_view id;
  std::string_view recipient;  // only when there is exactly one (Bcc must not leak)
  bool extended = true;        // EHLO
  bool tls = false;
  bool authenticated = false;
  bool smtputf8 = false;
  std::string_view tls_version;  // "TLSv1.3"
  std::string_view tls_cipher;   // "TLS_AES_256_GCM_SHA384": the tls clause of RFC 8314
  int priority = 0;              // MT-PRIORITY, shown unless 0 (RFC 6710)
  SystemTime time;
};

// "Received: from ...; date\r\n", folded below 78 octets where words allow. The login is not
// included.
std::string received_field(const ReceivedFacts& facts);

// The "with" keyword: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, and UTF8SMTP… of RFC 6531.
std::string_view protocol_keyword(bool extended, bool tls, bool authenticated, bool smtputf8);

}  // namespace signpost::message
