// What the receiving side of an SMTP connection offers its client, and demands of it.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace signpost::smtp {

struct ServerOptions {
  std::string hostname;               // greeting and EHLO
  std::size_t size_limit = 50 << 20;  // octets of content; announced as SIZE
  std::size_t recipients_limit = 1000;
  bool offer_starttls = false;  // a TLS context exists and TLS is not active yet
  bool offer_auth = false;      // only when credentials would not travel in clear (RFC 4954)
  bool offer_passwords = true;  // PLAIN and LOGIN are among what AUTH offers
  // Offered beside them; the driver answers their messages.
  std::vector<std::string> more_mechanisms{};
  bool require_tls = false;             // 530 5.7.0 Must issue a STARTTLS command first
  bool require_auth = false;            // 530 5.7.0 Authentication required
  bool stranger = false;                // has nothing to do here before it logs in
  bool tls = false;                     // implicit TLS, active from the first byte
  std::size_t error_limit = 20;         // after this many refused commands: 421 and close
  std::size_t command_limit = 100;      // after this many commands without a message: 421 and close
  std::size_t output_limit = 16 << 10;  // octets of replies in `out` beyond which none is added
  std::size_t auth_failure_limit = 3;   // failed logins on one connection: 421 and close
  std::chrono::seconds hold_limit{0};   // FUTURERELEASE for so long; 0: it is not offered
  SystemTime hold_until_limit{};        // ... and until then at most
  std::chrono::seconds deliver_by_minimum{0};  // announced with DELIVERBY
  bool xclient = false;                        // from a front end that is trusted
  bool xclient_login = false;                  // ... also with whom it has authenticated
};

}  // namespace signpost::smtp
