// Delivery status notifications: the message of RFC 3464 in a multipart/report of RFC 6522.
#pragma once

#include "message/delivery_report.h"

#include <string>

namespace signpost::message {

// The whole content with CRLF line ends, ready to be queued: From, To, Subject, Date, Message-ID,
// Auto-Submitted: auto-replied (RFC 3834), MIME-Version and the three parts. Remote text is made
// printable and bounded. With an 8-bit original the report is marked 8bit.
std::string build(const StatusNotification& notification);

}  // namespace signpost::message
