#include "bench/load/results.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <iterator>
#include <utility>

namespace signpost::bench {

namespace {

// Peers choose part of an error's text: the table stays small whatever they say.
constexpr std::size_t kMaxErrors = 50;

constexpr std::array<std::pair<const char*, double>, 4> kPercentiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

double milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

std::string latency_line(const char* name, const Latency& latency) {
  std::string line = fmt::format("{:<24}", name);
  for (const auto& [label, share] : kPercentiles) {
    line += fmt::format(" {} {:.2f}", label, milliseconds(latency.percentile(share)));
  }
  return line + fmt::format(" max {:.2f} ms\n", milliseconds(latency.max()));
}

nlohmann::json latency_json(const Latency& latency) {
  nlohmann::json object;
  for (const auto& [label, share] : kPercentiles) {
    object[label] = milliseconds(latency.percentile(share));
  }
  object["max"] = milliseconds(latency.max());
  object["mean"] = milliseconds(latency.mean());
  return object;
}

double rate(const Results& results, const Summary& summary) {
  const double seconds = static_cast<double>(summary.elapsed.count()) / 1e9;
  return seconds > 0 ? static_cast<double>(results.acknowledged) / seconds : 0;
}

}  // namespace

void Results::count_error(const std::string& what) {
  const bool known = errors.contains(what) || errors.size() < kMaxErrors;
  ++errors[known ? what : "other errors"];
}

void Results::merge(const Results& other) {
  acknowledged += other.acknowledged;
  failed += other.failed;
  connections += other.connections;
  refused_recipients += other.refused_recipients;
  reply.merge(other.reply);
  transaction.merge(other.transaction);
  for (const auto& [code, count] : other.reply_codes) reply_codes[code] += count;
  for (const auto& [what, count] : other.errors) errors[what] += count;
}

bool all_well(const Results& results, const Summary& summary) {
  return results.failed == 0 && results.refused_recipients == 0 &&
         results.acknowledged == summary.messages;
}

std::string report_text(const Results& results, const Summary& summary) {
  const double seconds = static_cast<double>(summary.elapsed.count()) / 1e9;
  std::string text =
      fmt::format("{} of {} messages acknowledged in {:.2f} s: {:.0f}/s, {} connections\n",
                  results.acknowledged.load(), summary.messages, seconds, rate(results, summary),
                  results.connections);
  if (results.failed > 0) text += fmt::format("{} messages failed\n", results.failed.load());
  if (results.refused_recipients > 0) {
    text += fmt::format("{} recipients refused\n", results.refused_recipients);
  }
  text += latency_line("end of data to reply", results.reply);
  text += latency_line("whole transaction", results.transaction);
  text += "replies                 ";
  for (const auto& [code, count] : results.reply_codes) text += fmt::format(" {}: {}", code, count);
  text += '\n';
  for (const auto& [what, count] : results.errors)
    text += fmt::format("{} times: {}\n", count, what);
  return text;
}

std::string report_json(const Results& results, const Summary& summary) {
  nlohmann::json object;
  object["messages"] = summary.messages;
  object["acknowledged"] = results.acknowledged.load();
  object["failed"] = results.failed.load();
  object["refused_recipients"] = results.refused_recipients;
  object["connections"] = results.connections;
  object["seconds"] = static_cast<double>(summary.elapsed.count()) / 1e9;
  object["messages_per_second"] = rate(results, summary);
  object["reply_ms"] = latency_json(results.reply);
  object["transaction_ms"] = latency_json(results.transaction);
  object["replies"] = nlohmann::json::object();
  for (const auto& [code, count] : results.reply_codes)
    object["replies"][std::to_string(code)] = count;
  object["errors"] = nlohmann::json::object();
  for (const auto& [what, count] : results.errors) object["errors"][what] = count;
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace signpost::bench
