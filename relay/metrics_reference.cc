#include "relay/metrics_reference.h"

#include "base/enum_texts.h"
#include "dns/resolver_metrics.h"
#include "metrics/process_metrics.h"
#include "metrics/registry.h"
#include "mta_sts/metric_descriptions.h"
#include "queue/committer_metrics.h"
#include "relay/metric_descriptions.h"
#include "tlsrpt/reporter_metrics.h"

#include <algorithm>
#include <string_view>

namespace signpost::relay {

namespace {

using enum metrics::Registry::Type;

struct Metric {
  metrics::Registry::Type type;
  const metrics::Description* description;
};

constexpr Metric kMetrics[] = {
    {Counter, &metrics::process::kCpu},
    {Gauge, &metrics::process::kMaxFiles},
    {Gauge, &metrics::process::kOpenFiles},
    {Gauge, &metrics::process::kResident},
    {Gauge, &metrics::process::kStart},
    {Gauge, &metrics::process::kVirtual},
    {Histogram, &metric::kAcceptSeconds},
    {Counter, &metric::kAcceptedBytes},
    {Gauge, &metric::kChecksWaiting},
    {Counter, &metric::kKeyFetches},
    {Gauge, &metric::kAuthLocks},
    {Counter, &metric::kAuth},
    {Counter, &metric::kBareLf},
    {Counter, &metric::kBounces},
    {Gauge, &metric::kBuildInfo},
    {Gauge, &metric::kCertificateExpiry},
    {Gauge, &metric::kConfigChanged},
    {Gauge, &metric::kLoaded},
    {Gauge, &metric::kLastReloadSuccessful},
    {Counter, &metric::kReloads},
    {Histogram, &metric::kDeliveredAttempts},
    {Counter, &metric::kDeliveredTls},
    {Counter, &metric::kAttempts},
    {Counter, &metric::kConnectionFailures},
    {Gauge, &metric::kConnections},
    {Gauge, &metric::kConnectionsLimit},
    {Counter, &metric::kPutOff},
    {Counter, &metric::kReplies},
    {Histogram, &metric::kDeliverySeconds},
    {Gauge, &metric::kDiskFree},
    {Gauge, &metric::kDiskFreeLimit},
    {Histogram, &metric::kSignatureSeconds},
    {Counter, &metric::kSignatures},
    {Counter, &metric::kUnsigned},
    {Counter, &dns::metric::kIgnoredAnswers},
    {Counter, &dns::metric::kQueries},
    {Histogram, &dns::metric::kQuerySeconds},
    {Counter, &metric::kLogLinesDropped},
    {Counter, &metric::kLoginMessages},
    {Counter, &metric::kLoginRecipients},
    {Gauge, &metric::kLoopLag},
    {Gauge, &metric::kMemory},
    {Gauge, &metric::kMemoryLimit},
    {Counter, &metric::kAccepted},
    {Counter, &metric::kRejected},
    {Counter, &mta_sts::metric::kFetches},
    {Gauge, &mta_sts::metric::kPolicies},
    {Counter, &metric::kNotificationsDropped},
    {Counter, &metric::kNotifications},
    {Histogram, &queue::metric::kCommitMessages},
    {Histogram, &queue::metric::kCommitSeconds},
    {Gauge, &metric::kQueueJobs},
    {Gauge, &metric::kJobsInMemory},
    {Gauge, &metric::kJobsInMemoryLimit},
    {Gauge, &metric::kQueueMessages},
    {Gauge, &metric::kQueueOldest},
    {Gauge, &metric::kQueueRecipients},
    {Gauge, &metric::kSites},
    {Gauge, &metric::kUnwritten},
    {Gauge, &metric::kUnwrittenLimit},
    {Gauge, &metric::kReady},
    {Counter, &metric::kRecipientsAccepted},
    {Counter, &metric::kRecipientsExpired},
    {Counter, &metric::kRecipientsRemoved},
    {Gauge, &metric::kSitesPaused},
    {Gauge, &metric::kSitesSlowed},
    {Gauge, &metric::kSessions},
    {Gauge, &metric::kSessionsLimit},
    {Counter, &metric::kSessionsTotal},
    {Counter, &metric::kSourceReplies},
    {Gauge, &metric::kStoreCompaction},
    {Gauge, &metric::kStoreFiles},
    {Gauge, &metric::kStoreMemory},
    {Counter, &metric::kStoreStalls},
    {Gauge, &metric::kStoreStopped},
    {Counter, &metric::kTenantMessages},
    {Counter, &metric::kTenantRecipients},
    {Counter, &metric::kTlsFailures},
    {Counter, &metric::kHandshakes},
    {Counter, &tlsrpt::metric::kReports},
    {Counter, &metric::kTlsResumed},
};
static_assert(std::ranges::is_sorted(kMetrics, {}, [](const Metric& metric) {
  return metric.description->name;
}));

constexpr std::string_view kHead = R"(# Metrics

Everything that `/metrics` of the admin listener exposes. This page is printed by `signpost reference metrics`.
Counters start at zero with the process. The outside world cannot multiply the values of any label: receivers
appear as `provider`, a name from the file of providers, else `other`.

| metric | type | labels | what it answers |
|---|---|---|---|
)";

// "`result`: ok, failed; `listener`: as written in `bind`"
std::string text_of_labels(const metrics::Description& description) {
  std::string text;
  for (const metrics::LabelDescription& label : description.labels) {
    if (!text.empty()) text += "; ";
    text.append("`").append(label.name).append("`: ");
    std::string values;
    for (const std::string_view value : label.values) {
      if (!values.empty()) values += ", ";
      values += value;
    }
    text += label.values.empty() ? std::string(label.open) : values;
  }
  return text;
}

}  // namespace

std::string metrics_reference() {
  std::string page(kHead);
  for (const auto& [type, description] : kMetrics) {
    page.append("| `").append(description->name).append("` | ").append(text_of(type));
    page.append(" | ").append(text_of_labels(*description));
    page.append(" | ").append(description->help).append(" |\n");
  }
  return page;
}

}  // namespace signpost::relay
