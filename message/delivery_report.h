// What a delivery status notification reports (RFC 3464), before it is turned into text and fields.
#pragma once

#include "base/clock.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::message {

enum class Action { Failed, Delayed, Delivered, Relayed };  // RFC 3464 section 2.3.3
std::string_view action_text(Action action);

struct NotifiedRecipient {
  std::string final_recipient;     // mailbox
  std::string original_recipient;  // "rfc822;user@example" or ""
  Action action = Action::Failed;
  std::string status;         // "5.1.1"
  std::string remote_mta;     // host name, "" when none was reached
  std::string diagnostic;     // the peer's reply on one line, "" when there was none
  std::string explanation;    // our words for people, when no peer spoke
  bool refused_here = false;  // by the reporting server itself
  std::optional<SystemTime> last_attempt;
  std::optional<SystemTime> will_retry_until;  // Delayed only
};

struct StatusNotification {
  std::string reporting_mta;  // our hostname
  std::string from;           // "postmaster@…" for From:
  std::string to;             // the original reverse-path
  std::string message_id;     // "<…>" of this notification
  std::string boundary;       // a token that no content holds: the caller's random choice
  std::string envelope_id;    // ENVID=, "" when none
  std::string queue_id;       // of the reported message, "" when it was never queued
  SystemTime arrival;         // of the reported message
  std::optional<SystemTime> deliver_by;  // its sender's deadline (RFC 2852)
  std::string hold;  // "for;3600", "until;2026-12-24T18:00:00Z" (RFC 4865), "" when none
  SystemTime now;
  bool smtputf8 = false;  // the sender needs SMTPUTF8: RFC 6533 forms, else all fields are ASCII
  std::vector<NotifiedRecipient> recipients;  // all of one Action
  std::string_view original;                  // content of the reported message
  bool return_full = false;                   // message/rfc822; else text/rfc822-headers
};

}  // namespace signpost::message
