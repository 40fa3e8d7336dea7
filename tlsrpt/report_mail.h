// A report as mail (RFC 8460 section 5.3).
#pragma once

#include "base/clock.h"
#include "smtp/address.h"
#include "tlsrpt/aggregate.h"
#include "tlsrpt/report.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::tlsrpt {

// A message for the relay's own queue: from the null reverse-path, since nobody waits for its
// bounces, and without regard to the receiver's TLS policies, since it may report that they fail
// (section 3).
struct ReportMail {
  smtp::Mailbox to;
  std::string from_domain;  // whose DKIM key signs it
  std::string message_id;   // with angle brackets
  std::string content;      // ASCII, CRLF line ends
};

// `archive` is gzipped(report_text()). `random`: makes Message-ID and boundary differ from others.
ReportMail report_mail(const Aggregate& aggregate, const Submitter& submitter,
                       const smtp::Mailbox& to, std::string_view archive, SystemTime now,
                       std::uint64_t random);

// Whether a message of the relay's own (queue::Envelope::notification) with this Message-ID is a
// report. Sessions for reports are not counted for others (section 3).
bool is_report(bool notification, std::string_view message_id);

}  // namespace signpost::tlsrpt
