// The part of a delivery status notification that programs read (RFC 3464 section 2, RFC 6533).
#pragma once

#include "message/delivery_report.h"

#include <string>

namespace signpost::message {

// The content of message/delivery-status, or of message/global-delivery-status when
// notification.smtputf8.
std::string delivery_status(const StatusNotification& notification);

}  // namespace signpost::message
