// What is counted of reports on TLS.
#pragma once

#include "base/enum_texts.h"
#include "metrics/instruments.h"
#include "tlsrpt/reporter.h"

namespace signpost::tlsrpt::metric {

inline constexpr metrics::LabelDescription kReportLabels[] = {{"result", kTexts<ReportResult>}};
inline constexpr metrics::Description kReports = {
    "signpost_tls_reports_total",
    "Reports on TLS: mailed and posted to those who asked for them, failed where they were refused "
    "or could not be sent for two days, no_record where a domain asks for none. A rise of failed: "
    "tls_report_failed in the log says why.",
    kReportLabels};

}  // namespace signpost::tlsrpt::metric
