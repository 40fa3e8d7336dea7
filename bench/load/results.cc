#include "bench/load/results.h"

#include "bench/load/schedule.h"

namespace signpost::bench {

namespace {

// Peers choose part of an error's text: the table stays small whatever they say.
constexpr std::size_t kMaxErrors = 50;

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
  given_up += other.given_up;
  connect.merge(other.connect);
  tls.merge(other.tls);
  auth.merge(other.auth);
  reply.merge(other.reply);
  transaction.merge(other.transaction);
  for (const auto& [code, count] : other.reply_codes) reply_codes[code] += count;
  for (const auto& [what, count] : other.errors) errors[what] += count;
  refusals.merge(other.refusals);
  if (timeline && other.timeline) timeline->merge(*other.timeline);
}

Summary summarize(const Results& results, std::uint64_t planned, bool open_loop, Ended ended,
                  std::chrono::nanoseconds elapsed) {
  const bool counted =
      planned != kNoLimit && ended != Ended::Interrupted && (ended == Ended::Complete || open_loop);
  const std::uint64_t begun = results.acknowledged + results.failed;
  return {counted ? planned : begun, elapsed, ended, counted};
}

double rate(const Results& results, const Summary& summary) {
  const double seconds = summary.seconds();
  return seconds > 0 ? static_cast<double>(results.acknowledged) / seconds : 0;
}

bool all_well(const Results& results, const Summary& summary) {
  if (results.failed != 0 || results.refused_recipients != 0) return false;
  if (results.acknowledged != summary.messages) return false;
  // Without a number to compare with, silence is no success.
  return summary.counted || (results.acknowledged > 0 && results.given_up == 0);
}

}  // namespace signpost::bench
