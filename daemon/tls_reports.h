// Sends reports on TLS to the domains that ask for them (RFC 8460).
#pragma once

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "daemon/worker.h"
#include "dns/views.h"
#include "metrics/instruments.h"
#include "metrics/registry.h"
#include "relay/settings.h"
#include "tlsrpt/collector.h"
#include "tlsrpt/reporter.h"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace signpost::daemon {

// A thread that looks every few seconds whether reports are due, and waits itself for name servers,
// the queue and servers that take reports: the workers only ask and store.
class TlsReports {
 public:
  // `worker` asks and stores; its loop runs until the TlsReports are destroyed. All must outlive
  // it.
  TlsReports(Worker& worker, tlsrpt::Collector& collector, metrics::Registry& registry,
             std::shared_ptr<const relay::Settings> settings, const Clock& clock);
  ~TlsReports();
  TlsReports(const TlsReports&) = delete;
  TlsReports& operator=(const TlsReports&) = delete;

  // Any thread.
  void configure(std::shared_ptr<const relay::Settings> settings);
  void stop();  // begins nothing more, and ends requests under way

 private:
  void run();
  std::shared_ptr<const relay::Settings> wait();
  dns::TextAnswer look_up(const std::string& name);
  Result<std::string> mail(tlsrpt::ReportMail mail);
  Result<int> post(const std::string& url, const std::string& archive) const;

  Worker& worker_;
  tlsrpt::Reporter reporter_;                       // the thread's
  std::array<metrics::SharedCounter, 4> counters_;  // by tlsrpt::ReportResult
  std::atomic<bool> stopped_{false};
  Mutex mutex_;
  ConditionVariable changed_;
  std::shared_ptr<const relay::Settings> settings_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace signpost::daemon
