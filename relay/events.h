// All events of the relay, by what they are about. The folders below have their own: net/events.h,
// queue/events.h, rocks/events.h.
#pragma once

#include "relay/events/message_events.h"
#include "relay/events/process_events.h"
#include "relay/events/quota_events.h"
#include "relay/events/session_events.h"
