// What is reported of reports on TLS.
#pragma once

#include "base/event.h"

#include <cstdint>
#include <string_view>

namespace signpost::tlsrpt::events {

struct TlsReportSent {
  std::string_view id{};
  std::string_view domain{};
  std::string_view day{};
  std::string_view to{};
  std::uint64_t sessions = 0;
  std::uint64_t failed = 0;
  static constexpr auto kEvent = log::describe(
      "tls_report_sent", log::Level::Info,
      "A domain that asks for reports on TLS has that of a day, or its mail is in the queue.",
      log::field("id", &TlsReportSent::id, "Queue ID of its mail; left out when it was posted."),
      log::field("domain", &TlsReportSent::domain, "The recipient domain."),
      log::field("day", &TlsReportSent::day, "The day reported on, in UTC."),
      log::field("to", &TlsReportSent::to, "The URI of the domain's record."),
      log::field("sessions", &TlsReportSent::sessions, "Sessions reported on."),
      log::field("failed", &TlsReportSent::failed, "Of these, sessions with a failure."));
};

struct TlsReportFailed {
  std::string_view domain{};
  std::string_view day{};
  std::string_view to{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "tls_report_failed", log::Level::Warning,
      "A report on TLS is given up: it was refused, or could not be sent within two days.",
      log::field("domain", &TlsReportFailed::domain, "The recipient domain."),
      log::field("day", &TlsReportFailed::day, "The day reported on, in UTC."),
      log::field("to", &TlsReportFailed::to,
                 "The URI of the domain's record that refused it; left out when time ran out."),
      log::field("detail", &TlsReportFailed::detail, "What happened at the last attempt."));
};

// The file of what is counted cannot be read or written.
struct TlsReportsLost {
  std::string_view file{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("tls_reports_lost", log::Level::Warning,
                    "What is counted for reports on TLS is not kept across a restart: the file "
                    "cannot be read or written.",
                    log::field("file", &TlsReportsLost::file, "The file in the data folder."),
                    log::field("detail", &TlsReportsLost::detail, "Why."));
};

}  // namespace signpost::tlsrpt::events
