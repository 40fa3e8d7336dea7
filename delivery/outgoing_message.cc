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
    : message_(std::move(message)), admission_(admission), accounted_(content().size()) {
  (void)admission_.take_memory(accounted_);  // accounting; the bound is kept at acceptance
}

OutgoingMessage::~OutgoingMessage() { admission_.give_memory(accounted_); }

namespace {

OutgoingMessage::Form unsigned_because(UnsignedReason reason, const queue::Envelope& envelope,
                                       EventSink& events, std::string_view detail = {}) {
  events.emit(relay::events::Unsigned{.id = envelope.id.text(),
                                      .reason = reason,
                                      .from_domain = envelope.from_domain,
                                      .detail = detail});
  return {.fields = "", .summary = "unsigned:" + std::string(text_of(reason))};
}

OutgoingMessage::Form signed_form(const queue::Envelope& envelope, std::string_view content,
                                  const Settings& settings, SystemTime now, EventSink& events) {
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
  auto fields = dkim::sign(identities, message::HeaderSection::parse(content), now);
  if (!fields) {
    return unsigned_because(UnsignedReason::SigningFailed, envelope, events, fields.error().detail);
  }
  events.signing_took(std::chrono::steady_clock::now() - began);
  OutgoingMessage::Form signature{.fields = std::move(*fields), .summary = ""};
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

const OutgoingMessage::Form& OutgoingMessage::form(message::Transport transport,
                                                   const Settings& settings, SystemTime now,
                                                   EventSink& events) {
  // Not std::call_once, which makes a system call to wake waiters even when there are none.
  const MutexLock lock(making_);
  return transport == message::Transport::SevenBit && envelope().eight_bit
             ? seven_bit_form(settings, now, events)
             : stored_form(settings, now, events);
}

const OutgoingMessage::Form& OutgoingMessage::stored_form(const Settings& settings, SystemTime now,
                                                          EventSink& events) {
  if (!stored_) {
    stored_ = std::make_unique<Form>(signed_form(envelope(), content(), settings, now, events));
    stored_->content = content();
  }
  return *stored_;
}

const OutgoingMessage::Form& OutgoingMessage::seven_bit_form(const Settings& settings,
                                                             SystemTime now, EventSink& events) {
  if (seven_bit_) return *seven_bit_;
  auto recoded = message::recoded(content(), message::Transport::SevenBit);
  if (!recoded) {
    const Form& stored = stored_form(settings, now, events);
    seven_bit_ = std::make_unique<Form>(
        Form{.fields = stored.fields, .summary = stored.summary, .content = content()});
    seven_bit_->needs_eight_bit = true;
    return *seven_bit_;
  }
  seven_bit_ = std::make_unique<Form>(signed_form(envelope(), *recoded, settings, now, events));
  seven_bit_->recoded = std::move(*recoded);
  seven_bit_->content = seven_bit_->recoded;
  accounted_ += seven_bit_->recoded.size();
  (void)admission_.take_memory(seven_bit_->recoded.size());
  return *seven_bit_;
}

}  // namespace signpost::delivery
