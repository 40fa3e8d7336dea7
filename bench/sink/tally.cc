#include "bench/sink/tally.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace signpost::bench {

namespace {

constexpr std::array<const char*, static_cast<std::size_t>(Count::kCount)> kNames = {
    "messages",
    "unique",
    "duplicates",
    "without_id",
    "corrupt",
    "bytes",
    "recipients",
    "refused_recipients",
    "deferred_recipients",
    "refused_messages",
    "deferred_messages",
    "dropped",
    "connections",
    "transactions",
    "tls_handshakes",
    "tls_failures",
    "protocol_errors",
    "pipelining_errors",
    "limit_errors",
    "turned_away",
    "saved"};

std::uint64_t sum(const std::vector<const Tally*>& tallies, std::size_t index) {
  std::uint64_t total = 0;
  for (const Tally* tally : tallies) total += tally->value(static_cast<Count>(index));
  return total;
}

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double rate(const std::vector<const Tally*>& tallies, Clock::duration active) {
  if (seconds(active) <= 0) return 0;
  return static_cast<double>(sum(tallies, static_cast<std::size_t>(Count::Messages))) /
         seconds(active);
}

}  // namespace

bool IdSet::insert(std::string_view id) {
  const std::uint64_t hash = std::hash<std::string_view>{}(id);
  Shard& shard = shards_[hash % kShards];
  const MutexLock lock(shard.mutex);
  return shard.hashes.insert(hash).second;
}

std::string counts_text(const std::vector<const Tally*>& tallies, const Presence::Peaks& peaks,
                        Clock::duration active) {
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    text += fmt::format("{:<20} {}\n", kNames[i], sum(tallies, i));
  }
  return text + fmt::format("{:<20} {}\n{:<20} {}\n{:<20} {:.2f}\n{:<20} {:.0f}\n",
                            "connections_peak", peaks.all, "address_peak", peaks.of_one_address,
                            "seconds", seconds(active), "messages_per_second",
                            rate(tallies, active));
}

std::string counts_json(const std::vector<const Tally*>& tallies, const Presence::Peaks& peaks,
                        Clock::duration active) {
  nlohmann::json object;
  for (std::size_t i = 0; i < kNames.size(); ++i) object[kNames[i]] = sum(tallies, i);
  object["connections_peak"] = peaks.all;
  object["address_peak"] = peaks.of_one_address;
  object["seconds"] = seconds(active);
  object["messages_per_second"] = rate(tallies, active);
  return object.dump(2) + '\n';
}

}  // namespace signpost::bench
