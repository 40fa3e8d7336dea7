#include "relay/event_sink.h"

#include "relay/metric_descriptions.h"

namespace signpost::relay {

void EventSink::count(const events::Accepted& event) {
  metrics_.accepted.add();
  metrics_.accepted_bytes.add(event.size);
  metrics_.accept_seconds.observe(event.after_end_of_data.count());
  if (event.bare_linefeeds) metrics_.bare_lf.add();
  RelayMetrics::OfLogin& login = metrics_.of_login(event.user);
  login.messages.add();
  login.recipients(LoginResult::Accepted).add(event.recipients);
  if (!event.tenant_counted) return;
  RelayMetrics::OfTenant& tenant = metrics_.of_tenant(event.tenant);
  tenant.messages.add();
  tenant.recipients(TenantResult::Accepted).add(event.recipients);
}

void EventSink::count(const events::Rejected& event) {
  metrics_.rejected(text_of(event.reason)).add();
  if (event.tenant_counted && event.reason == RejectReason::Limit) {
    metrics_.of_tenant(event.tenant).recipients(TenantResult::Limited).add(event.recipients);
  }
}

void EventSink::count_attempt(const events::RecipientOutcome& outcome, AttemptResult result) {
  if (!outcome.attempted) return;
  metrics_.of_provider(outcome.provider).attempt(result, outcome.reply_class);
  if (!outcome.source.empty())
    metrics_.of_source(outcome.source).replies(outcome.reply_class).add();
}

void EventSink::count_login(std::string_view login, LoginResult result, TenantResult of_tenant) {
  metrics_.of_login(login).recipients(result).add();
  if (!metered_) return;
  const auto found = metered_->find(login);
  if (found != metered_->end()) metrics_.of_tenant(found->second).recipients(of_tenant).add();
}

void EventSink::count(const events::Delivered& event) {
  count_attempt(event, AttemptResult::Delivered);
  metrics_.delivery_seconds.observe(static_cast<double>(event.delay_ms) / 1000);
  metrics_.delivered_attempts.observe(event.attempt);
  if (event.tls_wanted && event.tls_reached) {
    metrics_.delivered_tls(*event.tls_wanted, *event.tls_reached).add();
  }
  count_login(event.user, LoginResult::Delivered, TenantResult::Delivered);
}

void EventSink::count(const events::Deferred& event) {
  count_attempt(event, AttemptResult::Deferred);
}

void EventSink::count(const events::Bounced& event) {
  count_attempt(event, AttemptResult::Bounced);
  metrics_.bounces(event.reply_class).add();
  count_login(event.user, LoginResult::Bounced, TenantResult::Bounced);
}

void EventSink::count(const events::Expired& event) {
  count_attempt(event, AttemptResult::Deferred);
  metrics_.bounces(event.reply_class).add();
  metrics_.recipients_expired.add();
  count_login(event.user, LoginResult::Expired, TenantResult::Expired);
}

void EventSink::count(const events::Notification&) { metrics_.notifications.add(); }

void EventSink::count(const events::NotificationDropped& event) {
  metrics_.notification_dropped(text_of(event.reason)).add();
}

void EventSink::count(const events::Signed& event) { metrics_.signatures(event.algorithm).add(); }

void EventSink::count(const events::Unsigned& event) {
  metrics_.unsigned_reason(text_of(event.reason)).add();
}

void EventSink::count(const events::Authenticated& event) {
  metrics_.auth(event.mechanism, text_of(AuthResult::Accepted)).add();
}

void EventSink::count(const events::AuthFailed& event) {
  metrics_.auth(event.mechanism, text_of(event.result)).add();
}

void EventSink::count(const events::TlsEstablished& event) {
  const bool sts = event.by_policy && event.trust == TlsTrust::Pkix;
  metrics_
      .tls_handshakes(event.direction, event.version,
                      sts ? metric::kTrustSts : text_of(event.trust))
      .add();
  if (event.resumed) metrics_.tls_resumed(event.direction).add();
}

void EventSink::count(const events::TlsFailed& event) {
  metrics_.tls_failures(event.direction).add();
}

void EventSink::count(const events::ConnectionFailed& event) {
  metrics_.connection_failures(event.provider, event.kind).add();
}

void EventSink::count(const events::NoHost&) {
  metrics_.connection_failures(providers::kOther, ConnectionFailure::NoHost).add();
}

void EventSink::count(const events::TlsRefused&) { metrics_.tls_failures(TlsDirection::Out).add(); }

}  // namespace signpost::relay
