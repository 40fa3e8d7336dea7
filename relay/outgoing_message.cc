#include "relay/outgoing_message.h"

#include "base/log.h"
#include "dkim/signer.h"
#include "message/header_section.h"
#include "smtp/idna.h"

namespace signpost::relay {

OutgoingMessage::OutgoingMessage(std::shared_ptr<const queue::Message> message,
                                 Admission& admission)
    : message_(std::move(message)), admission_(admission) {
  (void)admission_.take_memory(content().size());  // accounting; the bound is kept at acceptance
}

OutgoingMessage::~OutgoingMessage() { admission_.give_memory(content().size()); }

namespace {

OutgoingMessage::Signature unsigned_because(std::string_view reason,
                                            const queue::Envelope& envelope, RelayMetrics& metrics,
                                            std::string_view detail = {}) {
  metrics.unsigned_reason(reason).add();
  log::info("unsigned", {{"id", envelope.id.text()},
                         {"reason", reason},
                         {"from_domain", envelope.from_domain},
                         {"detail", detail}});
  return {"", "unsigned:" + std::string(reason)};
}

OutgoingMessage::Signature make_signature(const queue::Message& message, const Settings& settings,
                                          RelayMetrics& metrics) {
  const queue::Envelope& envelope = message.envelope;
  if (envelope.from_domain.empty()) {
    return unsigned_because("no_from_domain", envelope, metrics);
  }
  const auto domain = smtp::to_a_labels(envelope.from_domain);
  if (!domain) return unsigned_because("no_from_domain", envelope, metrics, domain.error().detail);
  const auto identities = settings.keys.find(*domain);
  if (identities.empty()) return unsigned_because("no_key", envelope, metrics);
  auto fields =
      dkim::sign(identities, message::HeaderSection::parse(message.content), system_now());
  if (!fields) return unsigned_because("signing_failed", envelope, metrics, fields.error().detail);

  OutgoingMessage::Signature signature{std::move(*fields), ""};
  for (const dkim::SigningIdentity& identity : identities) {
    const std::string_view algorithm = dkim::algorithm_text(identity.key->algorithm());
    metrics.signatures(algorithm).add();
    if (!signature.summary.empty()) signature.summary += ',';
    signature.summary.append(identity.domain).append("/").append(identity.selector);
    signature.summary.append("/").append(algorithm);
  }
  return signature;
}

}  // namespace

const OutgoingMessage::Signature& OutgoingMessage::signature(const Settings& settings,
                                                             RelayMetrics& metrics) {
  // Not std::call_once: that makes a system call for whoever might wait, though nobody does.
  const std::lock_guard lock(signing_);
  if (!made_) {
    signature_ = make_signature(*message_, settings, metrics);
    made_ = true;
  }
  return signature_;
}

}  // namespace signpost::relay
