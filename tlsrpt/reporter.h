// Sends the reports that are due: finds out who wants them, and hands each on.
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "dns/views.h"
#include "tlsrpt/collector.h"
#include "tlsrpt/record.h"
#include "tlsrpt/report.h"
#include "tlsrpt/report_mail.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace signpost::tlsrpt {

// What became of a report, as metrics name it.
enum class ReportResult : std::uint8_t { Mailed, Posted, Failed, NoRecord };

constexpr std::array<std::string_view, 4> texts_of(ReportResult) {
  return {"mailed", "posted", "failed", "no_record"};
}

// Belongs to one thread, whose time it may take.
class Reporter {
 public:
  // After a failure that may pass, until Collector::kLongest (section 5.4 wants a day at least).
  static constexpr std::chrono::hours kRetry{1};

  // How it reaches the world. All block.
  struct Ways {
    std::function<dns::TextAnswer(const std::string& name)> look_up;
    // The message is in the queue when this returns; its queue ID.
    std::function<Result<std::string>(ReportMail mail)> mail;
    // The status of the response.
    std::function<Result<int>(const std::string& url, const std::string& archive)> post;
    // Once for each destination that has the report, or never will, and for each domain without
    // one.
    std::function<void(ReportResult result)> count;
  };

  // `clock` and `collector` must outlive it.
  Reporter(const Clock& clock, Collector& collector, Ways ways, Random random = Random())
      : clock_(clock), collector_(collector), ways_(std::move(ways)), random_(random) {}

  // Handles what is due now, until `cancelled`.
  void send_due(const Submitter& submitter, const std::atomic<bool>& cancelled);

 private:
  enum class Outcome { Done, Refused, Later };

  void send(Aggregate aggregate, const Submitter& submitter);
  Outcome deliver(Aggregate& aggregate, const Destination& destination, const Submitter& submitter,
                  const std::string& archive);
  Outcome post(Aggregate& aggregate, const std::string& url, const std::string& archive);
  void put_off(Aggregate& aggregate, std::string detail);
  void report_failure(const Aggregate& aggregate, std::string_view uri);

  const Clock& clock_;
  Collector& collector_;
  const Ways ways_;
  Random random_;
};

}  // namespace signpost::tlsrpt
