#include "relay/relay_metrics.h"

#include "relay/metric_descriptions.h"

#include <fmt/format.h>

namespace signpost::relay {

namespace {

using metrics::Description;
std::string key_of(const Description& description, const metrics::Labels& labels) {
  std::string key(description.name);
  for (const auto& [name, value] : labels) key += '\n' + value;
  return key;
}

}  // namespace

RelayMetrics::RelayMetrics(metrics::Registry& registry)
    : accepted(registry, metric::kAccepted),
      accepted_bytes(registry, metric::kAcceptedBytes),
      accept_seconds(registry, metric::kAcceptSeconds, metrics::latency_bounds()),
      delivery_seconds(registry, metric::kDeliverySeconds, metrics::long_latency_bounds()),
      delivered_attempts(registry, metric::kDeliveredAttempts, metrics::attempt_bounds()),
      signature_seconds(registry, metric::kSignatureSeconds, metrics::latency_bounds()),
      bare_lf(registry, metric::kBareLf),
      recipients_accepted(registry, metric::kRecipientsAccepted),
      recipients_expired(registry, metric::kRecipientsExpired),
      notifications(registry, metric::kNotifications),
      registry_(registry) {
  const auto make = [&](const Description& description, metrics::Labels labels) {
    return std::make_unique<metrics::Counter>(registry, description, std::move(labels));
  };
  for (std::size_t i = 0; i < kTexts<ReplyClass>.size(); ++i) {
    bounces_[i] = make(metric::kBounces, {{"class", std::string(kTexts<ReplyClass>[i])}});
  }
  for (std::size_t i = 0; i < kTexts<PutOffReason>.size(); ++i) {
    put_off_[i] = make(metric::kPutOff, {{"reason", std::string(kTexts<PutOffReason>[i])}});
  }
  for (std::size_t i = 0; i < kTexts<TlsWanted>.size(); ++i) {
    for (std::size_t j = 0; j < kTexts<TlsReached>.size(); ++j) {
      delivered_tls_[i][j] =
          make(metric::kDeliveredTls, {{"wanted", std::string(kTexts<TlsWanted>[i])},
                                       {"reached", std::string(kTexts<TlsReached>[j])}});
    }
  }
  // Metrics that alert rules use exist from the start, as zero.
  other_provider_ = &name_provider(providers::kOther);
  for (const std::string_view reason : kTexts<UnsignedReason>) unsigned_reason(reason);
  for (const std::string_view reason : kTexts<DropReason>) notification_dropped(reason);
  for (const std::string_view algorithm : metric::kAlgorithms) signatures(algorithm);
  for (const std::string_view reason : kTexts<RejectReason>) rejected(reason);
  for (const std::string_view result : kTexts<AuthResult>) auth("PLAIN", result);
  for (const TlsDirection direction : {TlsDirection::In, TlsDirection::Out}) {
    tls_failures(direction);
    tls_resumed(direction);
    tls_handshakes(direction, "TLSv1.3",
                   text_of(direction == TlsDirection::In ? TlsTrust::None : TlsTrust::Unverified));
  }
}

metrics::Counter& RelayMetrics::counter(const Description& description, metrics::Labels labels) {
  std::unique_ptr<metrics::Counter>& slot = counters_[key_of(description, labels)];
  if (!slot) slot = std::make_unique<metrics::Counter>(registry_, description, std::move(labels));
  return *slot;
}

metrics::Gauge& RelayMetrics::gauge(const Description& description, metrics::Labels labels) {
  std::unique_ptr<metrics::Gauge>& slot = gauges_[key_of(description, labels)];
  if (!slot) slot = std::make_unique<metrics::Gauge>(registry_, description, std::move(labels));
  return *slot;
}

metrics::Gauge& RelayMetrics::sessions(const std::string& listener) {
  return gauge(metric::kSessions, {{"listener", listener}});
}
metrics::Gauge& RelayMetrics::queue_jobs(const std::string& provider, const std::string& route) {
  return gauge(metric::kQueueJobs, {{"provider", provider}, {"route", route}});
}

metrics::Counter& RelayMetrics::sessions_total(const std::string& listener) {
  return counter(metric::kSessionsTotal, {{"listener", listener}});
}
metrics::Counter& RelayMetrics::auth(std::string_view mechanism, std::string_view result) {
  return counter(metric::kAuth,
                 {{"mechanism", std::string(mechanism)}, {"result", std::string(result)}});
}
metrics::Counter& RelayMetrics::rejected(std::string_view reason) {
  return counter(metric::kRejected, {{"reason", std::string(reason)}});
}
metrics::Counter& RelayMetrics::notification_dropped(std::string_view reason) {
  return counter(metric::kNotificationsDropped, {{"reason", std::string(reason)}});
}
metrics::Counter& RelayMetrics::unsigned_reason(std::string_view reason) {
  return counter(metric::kUnsigned, {{"reason", std::string(reason)}});
}
metrics::Counter& RelayMetrics::signatures(std::string_view algorithm) {
  return counter(metric::kSignatures, {{"algorithm", std::string(algorithm)}});
}
metrics::Counter& RelayMetrics::tls_handshakes(TlsDirection direction, std::string_view version,
                                               std::string_view trust) {
  return counter(metric::kHandshakes, {{"direction", std::string(text_of(direction))},
                                       {"version", std::string(version)},
                                       {"trust", std::string(trust)}});
}
metrics::Counter& RelayMetrics::tls_resumed(TlsDirection direction) {
  return counter(metric::kTlsResumed, {{"direction", std::string(text_of(direction))}});
}

metrics::Counter& RelayMetrics::tls_failures(TlsDirection direction) {
  return counter(metric::kTlsFailures, {{"direction", std::string(text_of(direction))}});
}

metrics::Counter& RelayMetrics::connection_failures(std::string_view provider,
                                                    ConnectionFailure kind) {
  return counter(metric::kConnectionFailures,
                 {{"provider", of_provider(provider).label}, {"kind", std::string(text_of(kind))}});
}

RelayMetrics::OfLogin::OfLogin(metrics::Registry& registry, const std::string& label)
    : messages(registry, metric::kLoginMessages, {{"login", label}}) {
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    recipients_[i] = std::make_unique<metrics::Counter>(
        registry, metric::kLoginRecipients,
        metrics::Labels{{"login", label}, {"result", std::string(kTexts<LoginResult>[i])}});
  }
}

// Names come from files, but their history is longer than they are.
template <typename T>
T& RelayMetrics::of_name(Named<T>& all, std::string_view name) {
  constexpr std::size_t kMost = 1000;
  constexpr std::string_view kOther = "(other)";
  const auto found = all.find(name);
  if (found != all.end()) return *found->second;
  if (all.size() >= kMost && name != kOther) return of_name(all, kOther);
  const std::string label(name);
  return *all.emplace(label, std::make_unique<T>(registry_, label)).first->second;
}

RelayMetrics::OfLogin& RelayMetrics::of_login(std::string_view login) {
  return of_name(logins_, login.empty() ? "(none)" : login);
}

RelayMetrics::OfTenant::OfTenant(metrics::Registry& registry, const std::string& label)
    : messages(registry, metric::kTenantMessages, {{"tenant", label}}) {
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    recipients_[i] = std::make_unique<metrics::Counter>(
        registry, metric::kTenantRecipients,
        metrics::Labels{{"tenant", label}, {"result", std::string(kTexts<TenantResult>[i])}});
  }
}

RelayMetrics::OfTenant& RelayMetrics::of_tenant(std::string_view tenant) {
  return of_name(tenants_, tenant);
}

RelayMetrics::OfSource::OfSource(metrics::Registry& registry, const std::string& label) {
  for (std::size_t i = 0; i < replies_.size(); ++i) {
    replies_[i] = std::make_unique<metrics::Counter>(
        registry, metric::kSourceReplies,
        metrics::Labels{{"class", std::string(kTexts<ReplyClass>[i])}, {"source", label}});
  }
}

RelayMetrics::OfSource& RelayMetrics::of_source(std::string_view source) {
  return of_name(sources_, source);
}

RelayMetrics::OfProvider::OfProvider(metrics::Registry& registry, const std::string& name)
    : label(name),
      connections(registry, metric::kConnections, {{"provider", name}}),
      slowed_sites(registry, metric::kSitesSlowed, {{"provider", name}}) {
  const auto make = [&](const Description& description, std::string key, std::string_view value) {
    return std::make_unique<metrics::Counter>(
        registry, description,
        metrics::Labels{{"provider", name}, {std::move(key), std::string(value)}});
  };
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    attempts_[i] = make(metric::kAttempts, "result", kTexts<AttemptResult>[i]);
  }
  for (std::size_t i = 0; i < replies_.size(); ++i) {
    replies_[i] = make(metric::kReplies, "class", kTexts<ReplyClass>[i]);
  }
}

RelayMetrics::OfProvider& RelayMetrics::name_provider(std::string_view name) {
  const std::string label(name);
  OfProvider& provider =
      *providers_.emplace(label, std::make_unique<OfProvider>(registry_, label)).first->second;
  // An alert rule uses it: it exists from the start, as zero.
  (void)connection_failures(name, ConnectionFailure::TimedOut);
  return provider;
}

void RelayMetrics::name_providers(const providers::Providers& providers) {
  for (const providers::Provider& provider : providers.all()) {
    if (providers_.size() > providers::kMostProviders) return;  // with kOther
    if (!providers_.contains(provider.name)) name_provider(provider.name);
  }
}

RelayMetrics::OfProvider& RelayMetrics::of_provider(std::string_view name) {
  const auto found = providers_.find(name);
  return found == providers_.end() ? *other_provider_ : *found->second;
}

}  // namespace signpost::relay
