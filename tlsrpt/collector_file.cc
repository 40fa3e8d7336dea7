#include "tlsrpt/collector_file.h"

#include "base/enum_texts.h"
#include "config/kept_lines.h"
#include "config/text_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <utility>

namespace signpost::tlsrpt {

namespace {

using nlohmann::json;

constexpr std::string_view kTitle = "signpost tls reports 1";
constexpr std::int64_t kLastDay = 2'932'896;         // of the year 9999
constexpr std::int64_t kLatest = 253'402'300'799;    // second of that year
constexpr std::uint64_t kMostSessions = 1ULL << 53;  // beyond any count: what is more is damaged

std::int64_t number_of(std::chrono::sys_days day) { return day.time_since_epoch().count(); }

json to_json(const FailureCount& count) {
  const Failure& failure = count.failure;
  return {{"type", text_of(failure.type)},       {"from", failure.sending_ip},
          {"mx", failure.receiving_mx_hostname}, {"ip", failure.receiving_ip},
          {"helo", failure.receiving_mx_helo},   {"code", failure.reason_code},
          {"sessions", count.sessions}};
}

json to_json(const PolicyCount& count) {
  json failures = json::array();
  for (const FailureCount& each : count.failures) failures.push_back(to_json(each));
  return {{"type", text_of(count.policy.type)},
          {"strings", count.policy.strings},
          {"domain", count.policy.domain},
          {"mx", count.policy.mx_hosts},
          {"ok", count.successful},
          {"failed", count.failed},
          {"failures", std::move(failures)}};
}

json to_json(const Aggregate& aggregate) {
  json policies = json::array();
  for (const PolicyCount& each : aggregate.policies) policies.push_back(to_json(each));
  const auto due =
      std::chrono::floor<std::chrono::seconds>(aggregate.due.time_since_epoch()).count();
  return {{"day", number_of(aggregate.day)},   {"domain", aggregate.domain},
          {"state", text_of(aggregate.state)}, {"due", due},
          {"delivered", aggregate.delivered},  {"refused", aggregate.refused},
          {"detail", aggregate.detail},        {"left_out", aggregate.left_out},
          {"policies", std::move(policies)}};
}

// Fails, as all below, with an exception that parse_line() ends.
std::uint64_t sessions_of(const json& object, const char* name) {
  const json& value = object.at(name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMostSessions) {
    throw std::out_of_range(name);
  }
  return value.get<std::uint64_t>();
}

std::int64_t number_in(const json& object, const char* name, std::int64_t most) {
  const auto value = object.at(name).get<std::int64_t>();
  if (value < 0 || value > most) throw std::out_of_range(name);
  return value;
}

std::chrono::sys_days day_of(const json& object) {
  return std::chrono::sys_days(std::chrono::days(number_in(object, "day", kLastDay)));
}

template <NamedEnum T>
T value_of(const json& object, const char* name) {
  const auto text = object.at(name).get<std::string>();
  const auto found = std::ranges::find(kTexts<T>, text);
  if (found == kTexts<T>.end()) throw std::out_of_range(name);
  return static_cast<T>(found - kTexts<T>.begin());
}

FailureCount failure_of(const json& object) {
  return {.failure = {.type = value_of<ResultType>(object, "type"),
                      .sending_ip = object.at("from"),
                      .receiving_mx_hostname = object.at("mx"),
                      .receiving_ip = object.at("ip"),
                      .receiving_mx_helo = object.at("helo"),
                      .reason_code = object.at("code")},
          .sessions = sessions_of(object, "sessions")};
}

PolicyCount policy_of(const json& object) {
  PolicyCount count{.policy = {.type = value_of<PolicyType>(object, "type"),
                               .strings = object.at("strings"),
                               .domain = object.at("domain"),
                               .mx_hosts = object.at("mx")},
                    .successful = sessions_of(object, "ok"),
                    .failed = sessions_of(object, "failed"),
                    .failures = {}};
  for (const json& each : object.at("failures")) count.failures.push_back(failure_of(each));
  return count;
}

Aggregate aggregate_of(const json& object) {
  Aggregate aggregate{.domain = object.at("domain"),
                      .day = day_of(object),
                      .policies = {},
                      .left_out = sessions_of(object, "left_out"),
                      .state = value_of<ReportState>(object, "state"),
                      .due = SystemTime(std::chrono::seconds(number_in(object, "due", kLatest))),
                      .delivered = object.at("delivered"),
                      .refused = object.at("refused"),
                      .detail = object.at("detail")};
  for (const json& each : object.at("policies")) aggregate.policies.push_back(policy_of(each));
  return aggregate;
}

bool parse_line(std::string_view line, Collector::Kept& kept) {
  try {
    const json object = json::parse(line);
    if (object.contains("domain")) {
      kept.aggregates.push_back(aggregate_of(object));
    } else {
      kept.left_out[day_of(object)] = sessions_of(object, "left_out");
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::string line_of(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string collector_text(const Collector::Kept& kept) {
  std::string text = std::string(kTitle) + '\n';
  for (const Aggregate& each : kept.aggregates) text += line_of(to_json(each));
  for (const auto& [day, sessions] : kept.left_out) {
    text += line_of({{"day", number_of(day)}, {"left_out", sessions}});
  }
  return text;
}

Result<Collector::Kept> parse_collector(std::string_view text) {
  Collector::Kept kept;
  const auto read = config::read_lines(
      text, kTitle, "TLS reports", [&](std::string_view line) { return parse_line(line, kept); });
  if (!read) return signpost::Failure(read.error());
  return kept;
}

Result<void> load_collector(const std::string& file, Collector& collector) {
  const auto text = config::read_kept_file(file);
  if (!text) return signpost::Failure(text.error());
  if (!*text) return {};
  auto kept = parse_collector(**text);
  if (!kept) return signpost::Failure(kept.error());
  collector.restore(std::move(*kept));
  return {};
}

Result<void> save_collector(const std::string& file, Collector& collector) {
  const std::string text = collector_text(collector.keep());
  auto saved =
      config::edit_private_file(file, [&](const std::string&) { return std::string(text); });
  if (!saved) collector.set_unsaved();
  return saved;
}

}  // namespace signpost::tlsrpt
