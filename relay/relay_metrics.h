// The relay's own metrics, one set per worker. What each one answers: metric_descriptions.h.
#pragma once

#include "base/lru_map.h"
#include "metrics/instruments.h"
#include "metrics/registry.h"
#include "net/tls.h"
#include "providers/providers.h"
#include "relay/labels.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace signpost::relay {

// Written by the worker that owns it.
class RelayMetrics {
 public:
  explicit RelayMetrics(metrics::Registry& registry);

  // Families whose label values come from a closed set that is not known at the start (listeners of
  // the configuration, our own reasons): made at first use, kept for good.
  metrics::Gauge& sessions(const std::string& listener);
  metrics::Gauge& queue_jobs(const std::string& provider, const std::string& route);
  metrics::Counter& sessions_total(const std::string& listener);
  metrics::Counter& auth(std::string_view mechanism, std::string_view result);
  metrics::Counter& rejected(std::string_view reason);
  metrics::Counter& notification_dropped(std::string_view reason);
  metrics::Counter& unsigned_reason(std::string_view reason);
  metrics::Counter& signatures(std::string_view algorithm);
  metrics::Counter& tls_handshakes(TlsDirection direction, std::string_view version,
                                   std::string_view trust);
  metrics::Counter& tls_resumed(TlsDirection direction);
  metrics::Counter& tls_failures(TlsDirection direction);
  metrics::Counter& connection_failures(std::string_view provider, ConnectionFailure kind);

  // Of one login, "" for none. The first 1,000 have numbers of their own.
  struct OfLogin {
    OfLogin(metrics::Registry& registry, const std::string& label);
    metrics::Counter& recipients(LoginResult result) {
      return *recipients_[static_cast<std::size_t>(result)];
    }
    metrics::Counter messages;

   private:
    std::array<std::unique_ptr<metrics::Counter>, kTexts<LoginResult>.size()> recipients_;
  };
  OfLogin& of_login(std::string_view login);

  // Of one tenant that has metrics of its own. The first 1,000 have numbers of their own.
  struct OfTenant {
    OfTenant(metrics::Registry& registry, const std::string& label);
    metrics::Counter& recipients(TenantResult result) {
      return *recipients_[static_cast<std::size_t>(result)];
    }
    metrics::Counter messages;

   private:
    std::array<std::unique_ptr<metrics::Counter>, kTexts<TenantResult>.size()> recipients_;
  };
  OfTenant& of_tenant(std::string_view tenant);

  // Of one source. The first 1,000 have numbers of their own.
  struct OfSource {
    OfSource(metrics::Registry& registry, const std::string& label);
    metrics::Counter& replies(ReplyClass of) { return *replies_[static_cast<std::size_t>(of)]; }

   private:
    std::array<std::unique_ptr<metrics::Counter>, kTexts<ReplyClass>.size()> replies_;
  };
  OfSource& of_source(std::string_view source);

  // Of one provider, which stays for good.
  struct OfProvider {
    OfProvider(metrics::Registry& registry, const std::string& label);
    void attempt(AttemptResult result, ReplyClass reply_class) {
      attempts_[static_cast<std::size_t>(result)]->add();
      replies_[static_cast<std::size_t>(reply_class)]->add();
    }
    const std::string label;
    metrics::Gauge connections;
    metrics::Gauge slowed_sites;

   private:
    std::array<std::unique_ptr<metrics::Counter>, kTexts<AttemptResult>.size()> attempts_;
    std::array<std::unique_ptr<metrics::Counter>, kTexts<ReplyClass>.size()> replies_;
  };
  // Gives each of them numbers of its own, zero at first. A reload may bring other names and those
  // before stay, so that only the first providers::kMostProviders names have their own: the labels
  // are bounded however often the file changes.
  void name_providers(const providers::Providers& providers);
  // providers::kOther's for a name that has none of its own.
  OfProvider& of_provider(std::string_view name);

  metrics::Counter accepted;
  metrics::Counter accepted_bytes;
  metrics::Histogram accept_seconds;
  metrics::Histogram delivery_seconds;
  metrics::Histogram delivered_attempts;
  metrics::Histogram signature_seconds;
  metrics::Counter bare_lf;
  metrics::Counter recipients_accepted;
  metrics::Counter recipients_expired;
  metrics::Counter notifications;

  metrics::Counter& bounces(ReplyClass reply_class) {
    return *bounces_[static_cast<std::size_t>(reply_class)];
  }
  metrics::Counter& delivered_tls(TlsWanted wanted, TlsReached reached) {
    return *delivered_tls_[static_cast<std::size_t>(wanted)][static_cast<std::size_t>(reached)];
  }
  metrics::Counter& put_off(PutOffReason reason) {
    return *put_off_[static_cast<std::size_t>(reason)];
  }

 private:
  template <typename T>
  using Labelled = std::map<std::string, std::unique_ptr<T>, std::less<>>;

  template <typename T>
  using Named = std::unordered_map<std::string, std::unique_ptr<T>, StringHash, std::equal_to<>>;
  template <typename T>
  T& of_name(Named<T>& all, std::string_view name);
  OfProvider& name_provider(std::string_view name);

  metrics::Counter& counter(const metrics::Description& description, metrics::Labels labels);
  metrics::Gauge& gauge(const metrics::Description& description, metrics::Labels labels);

  metrics::Registry& registry_;
  Labelled<metrics::Gauge> gauges_;
  Labelled<metrics::Counter> counters_;
  std::array<std::unique_ptr<metrics::Counter>, kTexts<ReplyClass>.size()> bounces_;
  std::array<std::unique_ptr<metrics::Counter>, kTexts<PutOffReason>.size()> put_off_;
  using ByReached = std::array<std::unique_ptr<metrics::Counter>, kTexts<TlsReached>.size()>;
  std::array<ByReached, kTexts<TlsWanted>.size()> delivered_tls_;
  Named<OfLogin> logins_;
  Named<OfTenant> tenants_;
  Named<OfSource> sources_;
  Named<OfProvider> providers_;
  OfProvider* other_provider_ = nullptr;
};

}  // namespace signpost::relay
