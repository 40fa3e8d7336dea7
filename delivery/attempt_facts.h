// What is known of an attempt, for the log, the metrics and the notifications.
#pragma once

#include "delivery/tls_outcome.h"
#include "providers/providers.h"
#include "relay/labels.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {

struct AttemptFacts {
  std::string session;  // "" when no session tried
  std::string mx;       // host name, "" when none was reached
  std::string address;  // "192.0.2.1:25"
  std::string source;   // Source::name
  std::string tls;      // "TLSv1.3 verified", "" in clear
  // Nothing: no host was reached.
  std::optional<relay::TlsWanted> tls_wanted{};
  std::optional<relay::TlsReached> tls_reached{};
  std::string dkim;  // OutgoingMessage::Signature::summary
  std::string provider{providers::kOther};
  // Of the configuration of the connection, which named `provider` and reads its replies; null:
  // none was tried, and those in force do.
  std::shared_ptr<const providers::Providers> providers{};
  // Of the hosts that were tried, the latest last, while somebody counts them.
  std::vector<TlsOutcome> tls_outcomes{};
  bool dsn_handed_on = false;       // the peer took over NOTIFY=SUCCESS (RFC 3461 section 5.2.2)
  bool deadline_handed_on = false;  // the peer took over the deadline (DELIVERBY)
  bool known = false;               // of the trouble that it met there was a line before
  bool attempted = true;    // false: nothing was tried, the job has already waited for too long
  bool unfinished = false;  // delayed recipients were not refused: the attempt continues at once
};

}  // namespace signpost::delivery
