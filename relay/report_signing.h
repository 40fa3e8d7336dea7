// Which keys sign the relay's own reports of failed and delayed mail.
#pragma once

#include "config/config.h"
#include "dkim/key_table.h"

#include <optional>
#include <string>

namespace signpost::relay {

// A warning for the operator when some mail is signed but the reports are not; for doubts().
std::optional<std::string> unsigned_reports_doubt(const config::Config& config,
                                                  const dkim::KeyTable& keys);

}  // namespace signpost::relay
