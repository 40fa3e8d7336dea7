// Which keys sign the relay's own reports: of failed and delayed mail, and on TLS.
#pragma once

#include "config/config.h"
#include "dkim/key_table.h"

#include <optional>
#include <string>

namespace signpost::relay {

// A warning for the operator when some mail is signed but the reports are not; for doubts().
std::optional<std::string> unsigned_reports_doubt(const config::Config& config,
                                                  const dkim::KeyTable& keys);

// The same for reports on TLS, which nobody takes unsigned (RFC 8460 section 3); of tlsrpt.from.
std::optional<std::string> unsigned_tls_reports_doubt(const config::Config& config,
                                                      const dkim::KeyTable& keys);

}  // namespace signpost::relay
