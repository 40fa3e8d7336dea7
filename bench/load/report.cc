#include "bench/load/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace signpost::bench {

namespace {

constexpr std::array<std::pair<const char*, double>, 4> kPercentiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

struct Measure {
  const char* name;
  const char* key;  // in JSON
  const Latency& latency;
};

std::array<Measure, 5> measures(const Results& results) {
  return {{{"connect", "connect_ms", results.connect},
           {"TLS handshake", "tls_ms", results.tls},
           {"AUTH", "auth_ms", results.auth},
           {"end of data to reply", "reply_ms", results.reply},
           {"whole transaction", "transaction_ms", results.transaction}}};
}

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

const char* text_of(Ended ended) {
  switch (ended) {
    case Ended::Complete:
      return "complete";
    case Ended::TimeIsUp:
      return "time";
    case Ended::Interrupted:
      return "interrupted";
  }
  return "";
}

}  // namespace

std::string report_text(const Results& results, const Summary& summary) {
  std::string text = fmt::format(
      "{}{} of {} messages acknowledged in {:.2f} s: {:.0f}/s, {} connections\n",
      summary.ended == Ended::Interrupted ? "interrupted: " : "", results.acknowledged.load(),
      summary.messages, summary.seconds(), rate(results, summary), results.connections);
  if (results.failed > 0) text += fmt::format("{} messages failed\n", results.failed.load());
  if (const std::uint64_t begun = results.acknowledged + results.failed; begun < summary.messages) {
    text += fmt::format("{} messages were not begun\n", summary.messages - begun);
  }
  if (results.refused_recipients > 0) {
    text += fmt::format("{} recipients refused\n", results.refused_recipients);
  }
  for (const Measure& measure : measures(results)) {
    if (measure.latency.count() > 0) text += latency_line(measure.name, measure.latency);
  }
  text += "replies                 ";
  for (const auto& [code, count] : results.reply_codes) text += fmt::format(" {}: {}", code, count);
  text += '\n';
  for (const Refusals::Kind& kind : results.refusals.kinds())
    text += fmt::format("{} times, to {}: {}\n", kind.count, kind.command, kind.words);
  if (results.refusals.others() > 0)
    text += fmt::format("{} times: other replies that refuse\n", results.refusals.others());
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
  object["seconds"] = summary.seconds();
  object["messages_per_second"] = rate(results, summary);
  object["ended"] = text_of(summary.ended);
  for (const Measure& measure : measures(results)) {
    object[measure.key] = latency_json(measure.latency);
  }
  object["replies"] = nlohmann::json::object();
  for (const auto& [code, count] : results.reply_codes)
    object["replies"][std::to_string(code)] = count;
  object["refusals"] = nlohmann::json::array();
  for (const Refusals::Kind& kind : results.refusals.kinds()) {
    object["refusals"].push_back(
        {{"command", kind.command}, {"reply", kind.words}, {"count", kind.count}});
  }
  object["other_refusals"] = results.refusals.others();
  object["errors"] = nlohmann::json::object();
  for (const auto& [what, count] : results.errors) object["errors"][what] = count;
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace signpost::bench
