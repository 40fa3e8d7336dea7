// The commands of `signpost tlsrpt`: their options, and what each does.
#pragma once

#include <cstddef>
#include <string>

namespace signpost::commands {

struct TlsReportOptions {
  std::string domain;
  std::string day;  // "": any
  bool all = false;
  std::size_t limit = 100;
  bool json = false;
};

// Each gives the exit code.
int list_tls_reports(const TlsReportOptions& options, const std::string& config_file);
int show_tls_report(const TlsReportOptions& options, const std::string& config_file);
int send_tls_reports(const TlsReportOptions& options, const std::string& config_file);

}  // namespace signpost::commands
