#include "tlsrpt/report.h"

#include "base/enum_texts.h"
#include "base/utc.h"
#include "smtp/address.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace signpost::tlsrpt {

namespace {

using Json = nlohmann::ordered_json;

SystemTime begin_of(const Aggregate& aggregate) { return aggregate.day; }

// The last second of the day, as the example of RFC 8460 has it.
SystemTime end_of(const Aggregate& aggregate) {
  return aggregate.day + std::chrono::days(1) - std::chrono::seconds(1);
}

std::int64_t seconds_of(SystemTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// FNV-1a: the same in each version of the program.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

void add_known(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

Json to_json(const AppliedPolicy& policy) {
  Json json{{"policy-type", text_of(policy.type)}};
  if (!policy.strings.empty()) json["policy-string"] = policy.strings;
  json["policy-domain"] = policy.domain;
  if (!policy.mx_hosts.empty()) json["mx-host"] = policy.mx_hosts;
  return json;
}

Json to_json(const FailureCount& count) {
  const Failure& failure = count.failure;
  Json json{{"result-type", text_of(failure.type)}};
  add_known(json, "sending-mta-ip", failure.sending_ip);
  add_known(json, "receiving-mx-hostname", failure.receiving_mx_hostname);
  add_known(json, "receiving-mx-helo", failure.receiving_mx_helo);
  add_known(json, "receiving-ip", failure.receiving_ip);
  json["failed-session-count"] = count.sessions;
  add_known(json, "failure-reason-code", failure.reason_code);
  return json;
}

Json to_json(const PolicyCount& count) {
  Json json{{"policy", to_json(count.policy)},
            {"summary",
             {{"total-successful-session-count", count.successful},
              {"total-failure-session-count", count.failed}}}};
  if (count.failures.empty()) return json;
  Json details = Json::array();
  for (const FailureCount& each : count.failures) details.push_back(to_json(each));
  json["failure-details"] = std::move(details);
  return json;
}

}  // namespace

Submitter submitter_of(const config::Config& config) {
  return {.from = config.tlsrpt.from,
          .organization = config.tlsrpt.organization,
          .contact = config.tlsrpt.contact,
          .hostname = config.hostname};
}

std::string report_id(const Aggregate& aggregate, const Submitter& submitter) {
  std::string day = day_text(aggregate.day);
  std::erase(day, '-');
  return fmt::format("{}.{}@{}", day, aggregate.domain, submitter.hostname);
}

std::string unique_id(const Aggregate& aggregate, const Submitter& submitter) {
  return fmt::format("{:016x}", hash_of(report_id(aggregate, submitter)));
}

std::string report_file_name(const Aggregate& aggregate, const Submitter& submitter) {
  return fmt::format("{}!{}!{}!{}!{}.json.gz", smtp::domain_of(submitter.from), aggregate.domain,
                     seconds_of(begin_of(aggregate)), seconds_of(end_of(aggregate)),
                     unique_id(aggregate, submitter));
}

std::string report_text(const Aggregate& aggregate, const Submitter& submitter) {
  Json policies = Json::array();
  for (const PolicyCount& each : aggregate.policies) policies.push_back(to_json(each));
  const Json report{{"organization-name", submitter.organization},
                    {"date-range",
                     {{"start-datetime", utc_text(begin_of(aggregate))},
                      {"end-datetime", utc_text(end_of(aggregate))}}},
                    {"contact-info", submitter.contact},
                    {"report-id", report_id(aggregate, submitter)},
                    {"policies", std::move(policies)}};
  constexpr bool kEscapeOthers = true;
  return report.dump(2, ' ', kEscapeOthers, Json::error_handler_t::replace) + "\n";
}

}  // namespace signpost::tlsrpt
