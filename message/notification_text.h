// The part of a delivery status notification that people read.
#pragma once

#include "message/delivery_report.h"

#include <string>

namespace signpost::message {

// How much of the reported message the notification returns.
enum class Returned { Content, Header };

// Names the recipients and the subject of the reported message, so that reports in a list
// can be distinguished.
std::string notification_subject(const StatusNotification& notification);

// Lines with CRLF. ASCII, unless the notification is in the forms of RFC 6533.
std::string notification_text(const StatusNotification& notification, Returned returned);

}  // namespace signpost::message
