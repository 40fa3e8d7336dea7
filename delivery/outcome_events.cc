#include "delivery/outcome_events.h"

#include <chrono>
#include <string>

namespace signpost::delivery {

namespace {

relay::ReplyClass class_of(const Disposition& disposition, const providers::Providers& providers,
                           const providers::Provider* provider) {
  return disposition.outcome == Outcome::Delivered
             ? relay::ReplyClass::Accepted
             : providers.classify(provider, disposition.reply, disposition.scope);
}

}  // namespace

void emit_outcomes(relay::EventSink& sink, const providers::Providers& providers,
                   const queue::Job& job, const queue::Envelope& envelope,
                   const AttemptFacts& facts, const Settlement& settlement, SystemTime now) {
  namespace events = relay::events;
  const std::string id = envelope.id.text();
  const auto age = now - envelope.received;
  const providers::Provider* const provider = providers.named(facts.provider);
  for (std::size_t i = 0; i < settlement.recipients.size(); ++i) {
    const RecipientSettlement& part = settlement.recipients[i];
    const std::string reply = part.disposition.reply.one_line();
    const events::RecipientOutcome outcome{
        .id = id,
        .session = facts.session,
        .user = envelope.login,
        .from = smtp::text_of(envelope.reverse_path),
        .to = job.recipients[i].mailbox.text(),
        .size = envelope.size,
        .mx = facts.mx,
        .address = facts.address,
        .source = facts.source,
        .tls = facts.tls,
        .tls_wanted = facts.tls_wanted,
        .tls_reached = facts.tls_reached,
        .reply = reply,
        .reply_class = class_of(part.disposition, providers, provider),
        .provider = facts.provider,
        .attempt = job.attempts + (facts.attempted ? 1u : 0u),
        .delay_ms = std::chrono::duration_cast<std::chrono::milliseconds>(age).count(),
        .dkim = facts.dkim,
        .attempted = facts.attempted};
    switch (part.disposition.outcome) {
      case Outcome::Delivered:
        sink.emit(events::Delivered{outcome});
        break;
      case Outcome::Delayed:
        if (settlement.next_attempt) {
          sink.emit_news(events::Deferred{outcome, settlement.next_attempt}, !facts.known);
        }
        break;
      case Outcome::Failed:
        if (part.expired) {
          sink.emit(events::Expired{outcome});
        } else {
          sink.emit(events::Bounced{outcome});
        }
        break;
    }
  }
}

void emit_dropped(relay::EventSink& events, const queue::Envelope& envelope,
                  const Notifications& notifications) {
  const std::string id = envelope.id.text();
  for (const Notifications::Dropped& dropped : notifications.dropped()) {
    events.emit(relay::events::NotificationDropped{.id = id,
                                                   .to = dropped.recipient,
                                                   .action = message::action_text(dropped.action),
                                                   .reason = dropped.reason,
                                                   .detail = smtp::text_of(envelope.reverse_path)});
  }
}

}  // namespace signpost::delivery
