#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/relay_answer.h"
#include "commands/table.h"
#include "commands/terminal.h"
#include "commands/tls_report_options.h"
#include "smtp/idna.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;
using enum Table::Align;
using enum Table::Fit;

std::string due_text(const Json& report) {
  const std::string due = text_of(report, "due");
  if (due.empty()) return "";
  return output_width() == 0 ? local_time(due) : short_local_time(due);
}

std::string reports_table(const Json& reports) {
  Table table({{"DAY"},
               {"DOMAIN", Left, Cut},
               {"SESSIONS", Right},
               {"FAILED", Right},
               {"REPORT"},
               {"NEXT TRY"},
               {"DETAIL", Left, Cut}},
              output_width());
  for (const Json& report : reports) {
    table.add({text_of(report, "day"), shown_text(report, "domain"),
               std::to_string(number_of(report, "sessions")),
               std::to_string(number_of(report, "failed")), text_of(report, "state"),
               due_text(report), text_of(report, "detail")});
  }
  return table.take();
}

AdminClient::Parameters parameters_of(const TlsReportOptions& options) {
  AdminClient::Parameters parameters{{"domain", options.domain}};
  if (!options.day.empty()) parameters.emplace_back("day", options.day);
  return parameters;
}

}  // namespace

int list_tls_reports(const TlsReportOptions& options, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const auto listing =
      object_of(client->get("/api/v1/tls-reports", {{"limit", std::to_string(options.limit)}}));
  if (!listing) return refuse(listing.error().detail);
  if (options.json) {
    print(json_text(*listing, 2) + "\n");
    return kDone;
  }
  const Json reports = list_of(*listing, "reports");
  if (!reports.empty()) print(reports_table(reports));
  const std::size_t total = number_of(*listing, "total");
  print(fmt::format("{} report{}{}\n", reports.size(), reports.size() == 1 ? "" : "s",
                    total > reports.size() ? fmt::format(" of {}", total) : ""));
  for (const Json& each : list_of(*listing, "left_out")) {
    print(fmt::format("{}: {} sessions are in no report, for lack of room\n", text_of(each, "day"),
                      number_of(each, "sessions")));
  }
  if (text_of(*listing, "from").empty()) {
    print("Reports on TLS are off: set tlsrpt.from to send them\n");
  }
  return kDone;
}

int show_tls_report(const TlsReportOptions& options, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const auto shown = object_of(client->get("/api/v1/tls-report", parameters_of(options)));
  if (!shown) return refuse(smtp::text_with_u_labels(shown.error().detail));
  // Without --json it is the document that receivers get.
  print(json_text(options.json ? *shown : shown->value("report", Json::object()), 2) + "\n");
  return kDone;
}

int send_tls_reports(const TlsReportOptions& options, const std::string& config_file) {
  if (options.domain.empty() && !options.all) {
    (void)refuse("name a domain, or say --all");
    return kWrongUsage;
  }
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  Json body = options.all ? Json{{"all", true}} : Json{{"domain", options.domain}};
  if (!options.day.empty()) body["day"] = options.day;
  const auto sent = object_of(client->post("/api/v1/tls-report/send", json_text(body, -1)));
  if (!sent) return refuse(smtp::text_with_u_labels(sent.error().detail));
  const std::size_t reports = number_of(*sent, "reports");
  print(options.json ? json_text(*sent, 2) + "\n"
                     : fmt::format("{} report{} will be sent now, if the domain{} for {}\n",
                                   reports, reports == 1 ? "" : "s",
                                   reports == 1 ? " asks" : "s ask", reports == 1 ? "it" : "them"));
  return kDone;
}

}  // namespace signpost::commands
