#include "admin/tls_report_api.h"

#include "admin/json_response.h"
#include "base/ascii.h"
#include "base/enum_texts.h"
#include "base/result.h"
#include "base/utc.h"
#include "config/config_values.h"
#include "tlsrpt/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace signpost::admin {

namespace {

using Json = nlohmann::json;
using tlsrpt::Aggregate;
using Day = std::optional<std::chrono::sys_days>;

constexpr std::size_t kMostListed = 1000;
constexpr std::size_t kUsuallyListed = 100;
constexpr const char* kOff = "reports on TLS are off: set tlsrpt.from";

Failure wrong(std::string detail) { return fail(Errc::InvalidArgument, std::move(detail)); }

// What a request is about.
struct Wanted {
  std::string domain;  // "": all
  Day day{};           // nothing: any
};

Result<std::string> read_domain(const std::string& text) {
  auto domain = config::parse_domain(text);
  if (!domain) return wrong("domain: expected a domain name");
  return std::move(*domain);
}

Result<Day> read_day(const std::string& text) {
  const auto day = config::parse_day(text);
  if (!day) return wrong("day: expected a day such as 2026-12-01");
  return day;
}

Result<std::size_t> read_limit(const HttpRequest& request) {
  if (request.query.empty()) return kUsuallyListed;
  const std::string& value = request.query.front().second;
  std::size_t limit = 0;
  const char* const last = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), last, limit);
  const bool good = request.query.size() == 1 && request.query.front().first == "limit" &&
                    error == std::errc() && end == last && limit > 0 && limit <= kMostListed;
  if (!good) return wrong(fmt::format("expected limit: a number from 1 to {}", kMostListed));
  return limit;
}

Result<Wanted> read_query(const HttpRequest& request) {
  Wanted wanted;
  for (const auto& [name, value] : request.query) {
    if (name == "domain") {
      auto domain = read_domain(value);
      if (!domain) return Failure(std::move(domain).error());
      wanted.domain = std::move(*domain);
    } else if (name == "day") {
      const auto day = read_day(value);
      if (!day) return Failure(day.error());
      wanted.day = *day;
    } else {
      return wrong("expected the parameters domain, and perhaps day");
    }
  }
  if (wanted.domain.empty()) return wrong("expected the parameter domain");
  return wanted;
}

// An object with domain, or with "all": true, and perhaps day.
Result<Wanted> read_body(const HttpRequest& request) {
  constexpr const char* kExpected =
      "expected a JSON object with domain or \"all\": true, and perhaps day";
  const Json json = Json::parse(request.body, nullptr, false);
  if (!json.is_object() || !request.query.empty()) return wrong(kExpected);
  Wanted wanted;
  bool all = false;
  for (const auto& [key, value] : json.items()) {
    if (key == "all" && value == true) {
      all = true;
    } else if (key == "domain" && value.is_string()) {
      auto domain = read_domain(value.get<std::string>());
      if (!domain) return Failure(std::move(domain).error());
      wanted.domain = std::move(*domain);
    } else if (key == "day" && value.is_string()) {
      const auto day = read_day(value.get<std::string>());
      if (!day) return Failure(day.error());
      wanted.day = *day;
    } else {
      return wrong(kExpected);
    }
  }
  if (all != wanted.domain.empty()) return wrong(kExpected);
  return wanted;
}

Json json_of(const Aggregate& aggregate) {
  const bool waits = aggregate.state == tlsrpt::ReportState::Waiting;
  return {{"day", tlsrpt::day_text(aggregate.day)},
          {"domain", aggregate.domain},
          {"state", text_of(aggregate.state)},
          {"due", waits ? Json(utc_text(aggregate.due)) : Json()},
          {"sessions", aggregate.sessions()},
          {"failed", aggregate.failed()},
          {"left_out", aggregate.left_out},
          {"detail", aggregate.detail}};
}

// The last day on which there were sessions with the domain, or that day.
std::optional<Aggregate> find(tlsrpt::Collector& collector, const Wanted& wanted) {
  if (wanted.day) return collector.find(wanted.domain, *wanted.day);
  std::optional<Aggregate> found;
  for (Aggregate& each : collector.all()) {
    if (each.domain == wanted.domain) found = std::move(each);
  }
  return found;
}

std::string on_day(const Day& day) { return day ? " on " + tlsrpt::day_text(*day) : ""; }

bool are_off(const Services& services) { return !services.tls_reports.wanted(); }

}  // namespace

HttpResponse list_tls_reports(const Services& services, const HttpRequest& request) {
  const auto limit = read_limit(request);
  if (!limit) return json_error(400, limit.error().detail);
  std::vector<Aggregate> all = services.tls_reports.all();
  // The last day first, and what fails most.
  std::ranges::sort(all, std::greater(), [](const Aggregate& each) {
    return std::tuple(each.day, each.failed(), each.sessions());
  });
  Json reports = Json::array();
  for (std::size_t i = 0; i < std::min(*limit, all.size()); ++i) reports.push_back(json_of(all[i]));
  Json left_out = Json::array();
  for (const auto& [day, sessions] : services.tls_reports.left_out()) {
    left_out.push_back({{"day", tlsrpt::day_text(day)}, {"sessions", sessions}});
  }
  return json_response(200, {{"from", services.settings.get()->config->tlsrpt.from},
                             {"reports", std::move(reports)},
                             {"total", all.size()},
                             {"left_out", std::move(left_out)}});
}

HttpResponse show_tls_report(const Services& services, const HttpRequest& request) {
  const auto wanted = read_query(request);
  if (!wanted) return json_error(400, wanted.error().detail);
  if (are_off(services)) return json_error(409, kOff);
  const auto found = find(services.tls_reports, *wanted);
  if (!found) {
    return json_error(
        404, fmt::format("there were no sessions with {}{}", wanted->domain, on_day(wanted->day)));
  }
  Json json = json_of(*found);
  const auto submitter = tlsrpt::submitter_of(*services.settings.get()->config);
  json["report"] = Json::parse(tlsrpt::report_text(*found, submitter));
  return json_response(200, json);
}

HttpResponse send_tls_reports(const Services& services, const HttpRequest& request) {
  const auto wanted = read_body(request);
  if (!wanted) return json_error(400, wanted.error().detail);
  if (are_off(services)) return json_error(409, kOff);
  const std::size_t reports = services.tls_reports.send_now(wanted->domain, wanted->day);
  if (reports > 0) return json_response(200, {{"reports", reports}});
  return json_error(
      404, fmt::format("there is no report to send{}{}: a day is reported on once it "
                       "is over, for two days",
                       wanted->domain.empty() ? "" : " to " + wanted->domain, on_day(wanted->day)));
}

}  // namespace signpost::admin
