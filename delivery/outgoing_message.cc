#include "delivery/outgoing_message.h"

#include "dkim/signer.h"
#include "message/header_section.h"
#include "smtp/idna.h"

#include <chrono>
#include <string_view>
#include <utility>

namespace signpost::delivery {

using relay::EventSink;
using relay::Settings;
using relay::UnsignedReason;

OutgoingMessage::OutgoingMessage(std::shared_ptr<const queue::Message> message,
                                 relay::Admission& admission)
    : message_(std::move(message)), admission_(admission) {
  (void)admission_.take_memory(content().size());  // accounting; the bound is kept at acceptance
}

OutgoingMessage::~OutgoingMessage() { admission_.give_memory(content().size()); }

namespace {

OutgoingMessage::Signature unsigned_because(UnsignedReason reason, const queue::Envelope& envelope,
                                            EventSink& events, std::string_view detail = {}) {
  events.emit(relay::events::Unsigned{.id = envelope.id.text(),
                                      .reason = reason,
                                      .from_domain = envelope.from_domain,
                                      .detail = detail});
  return {"", "unsigned:" + std::string(text_of(reason))};
}

OutgoingMessage::Signature make_signature(const queue::Message& message, const Settings& settings,
                                          SystemTime now, EventSink& events) {
  const queue::Envelope& envelope = message.envelope;
  if (envelope.from_domain.empty()) {
    return unsigned_because(UnsignedReason::NoFromDomain, envelope, events);
  }
  const auto domain = smtp::to_a_labels(envelope.from_domain);
  if (!domain) {
    return unsigned_because(UnsignedReason::NoFromDomain, envelope, events, domain.error().detail);
  }
  const auto identities =
      envelope.notification ? settings.keys.find_for_own(*domain) : settings.keys.find(*domain);
  if (identities.empty()) return unsigned_because(UnsignedReason::NoKey, envelope, events);
  const auto began = std::chrono::steady_clock::now();
  auto fields = dkim::sign(identities, message::HeaderSection::parse(message.content), now);
  if (!fields) {
    return unsigned_because(UnsignedReason::SigningFailed, envelope, events, fields.error().detail);
  }
  events.signing_took(std::chrono::steady_clock::now() - began);
  OutgoingMessage::Signature signature{std::move(*fields), ""};
  const std::string id = envelope.id.text();
  for (const dkim::SigningIdentity& identity : identities) {
    const std::string_view algorithm = dkim::algorithm_text(identity.key->algorithm());
    events.emit(relay::events::Signed{.id = id,
                                      .domain = identity.domain,
                                      .selector = identity.selector,
                                      .algorithm = algorithm});
    if (!signature.summary.empty()) signature.summary += ',';
    signature.summary.append(identity.domain).append("/").append(identity.selector);
    signature.summary.append("/").append(algorithm);
  }
  return signature;
}

}  // namespace

const OutgoingMessage::Signature& OutgoingMessage::signature(const Settings& settings,
                                                             SystemTime now, EventSink& events) {
  // Not std::call_once, which makes a system call to wake waiters even when there are none.
  const MutexLock lock(signing_);
  if (!made_) {
    signature_ = make_signature(*message_, settings, now, events);
    made_ = true;
  }
  const Signature* const made = &signature_;  // constant from now on
  return *made;
}

}  // namespace signpost::delivery
