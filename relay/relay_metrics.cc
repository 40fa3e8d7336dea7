#include "relay/relay_metrics.h"

#include <fmt/format.h>

namespace signpost::relay {

namespace {

using metrics::Description;

constexpr Description kSessions = {
    "signpost_smtp_sessions",
    "Open submission sessions. Near limits.sessions: clients hang or "
    "somebody attacks."};
constexpr Description kSessionsTotal = {"signpost_smtp_sessions_total",
                                        "Submission sessions since the start."};
constexpr Description kAuth = {"signpost_auth_total",
                               "AUTH attempts by mechanism and result (accepted, rejected, "
                               "unavailable, locked). A rise of rejected: a wrong password "
                               "somewhere, or guessing; locked: somebody went on guessing."};
constexpr Description kAccepted = {"signpost_messages_accepted_total",
                                   "Messages acknowledged with 250."};
constexpr Description kAcceptedBytes = {"signpost_accepted_bytes_total",
                                        "Octets of content of accepted messages."};
constexpr Description kRejected = {"signpost_messages_rejected_total",
                                   "Commands and messages refused with 4xx or 5xx, by reason. "
                                   "storage or memory: the relay itself is in trouble."};
constexpr Description kAcceptSeconds = {"signpost_accept_seconds",
                                        "From the end of data to the 250: what a shop waits for. "
                                        "Above 0.1 the disk is slow."};
constexpr Description kSignatures = {"signpost_dkim_signatures_total",
                                     "DKIM signatures made, by algorithm."};
constexpr Description kUnsigned = {"signpost_dkim_unsigned_total",
                                   "Messages sent without a signature, by reason. no_key: a From: "
                                   "domain lacks its [[dkim]] table."};
constexpr Description kAttempts = {"signpost_delivery_attempts_total",
                                   "Attempts, one a recipient, by provider and result (delivered, "
                                   "deferred, bounced)."};
constexpr Description kReplies = {"signpost_delivery_replies_total",
                                  "What receivers' replies were about, one a recipient. policy or "
                                  "rate rising at one provider: it has taken offence."};
constexpr Description kDeliverySeconds = {
    "signpost_delivery_seconds", "From acceptance to the receiver's 250, once a recipient."};
constexpr Description kConnections = {"signpost_delivery_connections",
                                      "Open connections to receivers, by provider."};
constexpr Description kHandshakes = {"signpost_tls_handshakes_total",
                                     "Finished TLS handshakes by direction (in, out), version and "
                                     "trust in the peer's certificate."};
constexpr Description kTlsFailures = {"signpost_tls_handshake_failures_total",
                                      "TLS handshakes that failed, by direction. Rising out: a "
                                      "receiver's certificate or protocol is broken; mail goes in "
                                      "clear where the policy allows it."};
constexpr Description kBounces = {"signpost_bounces_total",
                                  "Recipients given up, by class of the deciding reply."};
constexpr Description kBareLf = {"signpost_bare_linefeed_messages_total",
                                 "Accepted messages in which bare line feeds were mended: old "
                                 "clients, or attempts at smuggling."};

constexpr std::string_view kResults[] = {"delivered", "deferred", "bounced"};
constexpr std::string_view kDirections[] = {"in", "out"};
constexpr std::string_view kTrusts[] = {"none", "unverified", "pkix"};

std::string key_of(const Description& description, const metrics::Labels& labels) {
  std::string key(description.name);
  for (const auto& [name, value] : labels) key += '\n' + value;
  return key;
}

}  // namespace

RelayMetrics::RelayMetrics(metrics::Registry& registry)
    : accepted(registry, kAccepted),
      accepted_bytes(registry, kAcceptedBytes),
      accept_seconds(registry, kAcceptSeconds, metrics::latency_bounds()),
      delivery_seconds(registry, kDeliverySeconds, metrics::long_latency_bounds()),
      bare_lf(registry, kBareLf),
      registry_(registry) {
  const auto make = [&](const Description& description, metrics::Labels labels) {
    return std::make_unique<metrics::Counter>(registry, description, std::move(labels));
  };
  for (std::size_t p = 0; p < kProviders.size(); ++p) {
    const std::string provider(kProviders[p]);
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
      attempts_[i][p] =
          make(kAttempts, {{"provider", provider}, {"result", std::string(kResults[i])}});
    }
    for (std::size_t i = 0; i < kReplyClasses.size(); ++i) {
      replies_[i][p] =
          make(kReplies, {{"provider", provider}, {"class", std::string(kReplyClasses[i])}});
    }
    connections_[p] = std::make_unique<metrics::Gauge>(registry, kConnections,
                                                       metrics::Labels{{"provider", provider}});
  }
  for (std::size_t i = 0; i < kReplyClasses.size(); ++i) {
    bounces_[i] = make(kBounces, {{"class", std::string(kReplyClasses[i])}});
  }
  // Reasons and algorithms that alert rules ask about exist from the start, as zero.
  for (const char* reason : {"no_key", "no_from_domain", "signing_failed"}) unsigned_reason(reason);
  for (const char* algorithm : {"rsa-sha256", "ed25519-sha256"}) signatures(algorithm);
  for (const char* reason :
       {"storage", "memory", "disk", "sessions", "policy", "size", "content"}) {
    rejected(reason);
  }
  for (const char* result : {"accepted", "rejected", "unavailable", "locked"}) {
    auth("PLAIN", result);
  }
  for (const TlsDirection direction : {TlsDirection::In, TlsDirection::Out}) {
    tls_failures(direction);
    tls_handshakes(direction, "TLSv1.3",
                   direction == TlsDirection::In ? TlsTrust::None : TlsTrust::Unverified);
  }
}

metrics::Counter& RelayMetrics::counter(const Description& description, metrics::Labels labels) {
  std::unique_ptr<metrics::Counter>& slot = counters_[key_of(description, labels)];
  if (!slot) slot = std::make_unique<metrics::Counter>(registry_, description, std::move(labels));
  return *slot;
}

metrics::Gauge& RelayMetrics::sessions(const std::string& listener) {
  std::unique_ptr<metrics::Gauge>& slot = gauges_[listener];
  if (!slot) {
    slot = std::make_unique<metrics::Gauge>(registry_, kSessions,
                                            metrics::Labels{{"listener", listener}});
  }
  return *slot;
}

metrics::Counter& RelayMetrics::sessions_total(const std::string& listener) {
  return counter(kSessionsTotal, {{"listener", listener}});
}
metrics::Counter& RelayMetrics::auth(std::string_view mechanism, std::string_view result) {
  return counter(kAuth, {{"mechanism", std::string(mechanism)}, {"result", std::string(result)}});
}
metrics::Counter& RelayMetrics::rejected(std::string_view reason) {
  return counter(kRejected, {{"reason", std::string(reason)}});
}
metrics::Counter& RelayMetrics::unsigned_reason(std::string_view reason) {
  return counter(kUnsigned, {{"reason", std::string(reason)}});
}
metrics::Counter& RelayMetrics::signatures(std::string_view algorithm) {
  return counter(kSignatures, {{"algorithm", std::string(algorithm)}});
}
metrics::Counter& RelayMetrics::tls_handshakes(TlsDirection direction, std::string_view version,
                                               TlsTrust trust) {
  return counter(kHandshakes, {{"direction", std::string(kDirections[static_cast<int>(direction)])},
                               {"version", std::string(version)},
                               {"trust", std::string(kTrusts[static_cast<int>(trust)])}});
}
metrics::Counter& RelayMetrics::tls_failures(TlsDirection direction) {
  return counter(kTlsFailures,
                 {{"direction", std::string(kDirections[static_cast<int>(direction)])}});
}

void RelayMetrics::attempt(std::size_t provider, const Disposition& disposition) {
  const auto klass = static_cast<std::size_t>(class_of(disposition));
  attempts_[static_cast<std::size_t>(disposition.outcome)][provider]->add();
  replies_[klass][provider]->add();
  if (disposition.outcome == Outcome::Failed) bounces_[klass]->add();
}

}  // namespace signpost::relay
