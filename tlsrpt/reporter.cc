#include "tlsrpt/reporter.h"

#include "base/log.h"
#include "tlsrpt/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace signpost::tlsrpt {

namespace {

constexpr std::size_t kAtOnce = 50;

bool contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

// Whether the same request may succeed later (RFC 9110 section 15).
bool may_pass(int status) { return status >= 500 || status == 408 || status == 429; }

}  // namespace

void Reporter::send_due(const Submitter& submitter, const std::atomic<bool>& cancelled) {
  while (!cancelled.load()) {
    auto due = collector_.due(kAtOnce);
    if (due.empty()) return;
    for (Aggregate& aggregate : due) {
      if (cancelled.load()) return;
      if (aggregate.state == ReportState::Failed) {
        // One that was never tried may be of a domain that wants none.
        if (!aggregate.detail.empty()) report_failure(aggregate, "");
      } else {
        send(std::move(aggregate), submitter);
      }
    }
  }
}

void Reporter::send(Aggregate aggregate, const Submitter& submitter) {
  const dns::TextAnswer answer = ways_.look_up(record_name(aggregate.domain));
  if (answer.status == dns::Status::Temporary) {
    put_off(aggregate, fmt::format("{} cannot be looked up now: {}", record_name(aggregate.domain),
                                   answer.detail));
    return;
  }
  const auto destinations = parse_record(answer.texts);
  if (destinations.empty()) {
    aggregate.state = ReportState::NoRecord;
    aggregate.detail.clear();
    collector_.settle(aggregate);
    ways_.count(ReportResult::NoRecord);
    return;
  }
  const std::string archive = gzipped(report_text(aggregate, submitter));
  bool all_done = true;
  for (const Destination& destination : destinations) {
    if (contains(aggregate.delivered, destination.uri)) continue;
    if (contains(aggregate.refused, destination.uri)) continue;
    switch (deliver(aggregate, destination, submitter, archive)) {
      case Outcome::Done:
        aggregate.delivered.push_back(destination.uri);
        break;
      case Outcome::Refused:
        aggregate.refused.push_back(destination.uri);
        report_failure(aggregate, destination.uri);
        break;
      case Outcome::Later:
        all_done = false;
        break;
    }
  }
  if (!all_done) {
    put_off(aggregate, aggregate.detail);
    return;
  }
  aggregate.state = aggregate.delivered.empty() ? ReportState::Failed : ReportState::Sent;
  collector_.settle(aggregate);
}

Reporter::Outcome Reporter::deliver(Aggregate& aggregate, const Destination& destination,
                                    const Submitter& submitter, const std::string& archive) {
  std::string id;
  const auto* const mailbox = std::get_if<smtp::Mailbox>(&destination.target);
  if (mailbox == nullptr) {
    const Outcome outcome = post(aggregate, std::get<std::string>(destination.target), archive);
    if (outcome != Outcome::Done) return outcome;
  } else {
    auto mailed = ways_.mail(
        report_mail(aggregate, submitter, *mailbox, archive, clock_.system_now(), random_()));
    if (!mailed) {
      aggregate.detail = mailed.error().detail;
      return Outcome::Later;
    }
    id = std::move(*mailed);
  }
  const std::string day = day_text(aggregate.day);
  log::emit(events::TlsReportSent{.id = id,
                                  .domain = aggregate.domain,
                                  .day = day,
                                  .to = destination.uri,
                                  .sessions = aggregate.sessions(),
                                  .failed = aggregate.failed()});
  ways_.count(mailbox != nullptr ? ReportResult::Mailed : ReportResult::Posted);
  return Outcome::Done;
}

Reporter::Outcome Reporter::post(Aggregate& aggregate, const std::string& url,
                                 const std::string& archive) {
  const auto status = ways_.post(url, archive);
  if (!status) {
    aggregate.detail = fmt::format("{}: {}", url, status.error().detail);
    return Outcome::Later;
  }
  constexpr int kSuccess = 2;  // the class of the status
  if (*status / 100 == kSuccess) return Outcome::Done;
  aggregate.detail = fmt::format("{}: the server responds with {}", url, *status);
  return may_pass(*status) ? Outcome::Later : Outcome::Refused;
}

// Many failures at one time, as without a name server, are not tried again all at once.
void Reporter::put_off(Aggregate& aggregate, std::string detail) {
  constexpr std::uint64_t kJitter = 600;  // seconds
  aggregate.detail = std::move(detail);
  aggregate.due = std::chrono::floor<std::chrono::seconds>(clock_.system_now()) + kRetry +
                  std::chrono::seconds(random_.below(kJitter));
  collector_.settle(aggregate);
}

void Reporter::report_failure(const Aggregate& aggregate, std::string_view uri) {
  const std::string day = day_text(aggregate.day);
  log::emit(events::TlsReportFailed{
      .domain = aggregate.domain, .day = day, .to = uri, .detail = aggregate.detail});
  ways_.count(ReportResult::Failed);
}

}  // namespace signpost::tlsrpt
