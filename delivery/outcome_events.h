// The events of a settlement: the answer to "where is my mail?".
#pragma once

#include "base/clock.h"
#include "delivery/attempt_facts.h"
#include "delivery/notification.h"
#include "delivery/settlement.h"
#include "providers/providers.h"
#include "queue/envelope.h"
#include "relay/event_sink.h"

namespace signpost::delivery {

// One event for each recipient of `job`. `providers` say what the replies are about.
void emit_outcomes(relay::EventSink& events, const providers::Providers& providers,
                   const queue::Job& job, const queue::Envelope& envelope,
                   const AttemptFacts& facts, const Settlement& settlement, SystemTime now);

// One for each report that is not sent.
void emit_dropped(relay::EventSink& events, const queue::Envelope& envelope,
                  const Notifications& notifications);

}  // namespace signpost::delivery
