// Where events go: the log, and the metrics of those that are counted.
#pragma once

#include "base/event.h"
#include "relay/events.h"
#include "relay/relay_metrics.h"
#include "relay/settings.h"

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace signpost::relay {

// One per worker, on its thread. What happens elsewhere is written with log::emit().
//
// An event that is counted has an overload of count(), and nothing else counts it, so that line and
// number agree. Other consumers of events (a history, web hooks, a live stream) belong in emit()
// too, where the views in the event are still valid.
class EventSink {
 public:
  explicit EventSink(RelayMetrics& metrics) : metrics_(metrics) {}

  // Whose tenants have metrics of their own; null: nobody's.
  void set_metered(std::shared_ptr<const MeteredLogins> logins) { metered_ = std::move(logins); }

  template <log::Event E>
  void emit(const E& event) {
    log::emit(event);
    emit_unlogged(event);
  }
  // Of what was said before there is a line at level debug only.
  template <log::Event E>
  void emit_news(const E& event, bool is_news) {
    if (is_news || log::enabled(log::Level::Debug)) log::emit(event);
    emit_unlogged(event);
  }
  // A message was signed. Not an event: each signature is one.
  void signing_took(std::chrono::duration<double> time) {
    metrics_.signature_seconds.observe(time.count());
  }
  // For frequent events, whose lines are bounded.
  template <log::Event E>
  void emit_unlogged(const E& event) {
    if constexpr (requires { this->count(event); }) count(event);
  }

 private:
  void count(const events::Accepted& event);
  void count(const events::Rejected& event);
  void count(const events::Delivered& event);
  void count(const events::Deferred& event);
  void count(const events::Bounced& event);
  void count(const events::Expired& event);
  void count(const events::Notification& event);
  void count(const events::NotificationDropped& event);
  void count(const events::Signed& event);
  void count(const events::Unsigned& event);
  void count(const events::Authenticated& event);
  void count(const events::AuthFailed& event);
  void count(const events::TlsEstablished& event);
  void count(const events::TlsFailed& event);
  void count(const events::TlsRefused& event);
  void count(const events::ConnectionFailed& event);
  void count(const events::NoHost& event);
  void count_attempt(const events::RecipientOutcome& outcome, AttemptResult result);
  void count_login(std::string_view login, LoginResult result, TenantResult of_tenant);

  RelayMetrics& metrics_;
  std::shared_ptr<const MeteredLogins> metered_;
};

}  // namespace signpost::relay
