// What signpost-sink has seen: counters of each thread, and the set of message ids of all.
#pragma once

#include "base/mutex.h"
#include "bench/sink/presence.h"
#include "bench/wire/poller.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace signpost::bench {

enum class Count : std::size_t {
  Messages,    // accepted
  Unique,      // of them: with an X-Load-Id not seen before
  Duplicates,  // with one seen before
  WithoutId,
  Corrupt,  // the body is not the one that was sent
  Bytes,
  Recipients,  // of accepted messages
  RefusedRecipients,
  DeferredRecipients,
  RefusedMessages,
  DeferredMessages,
  Dropped,  // connections closed on purpose in or after the data
  Connections,
  Transactions,  // MAIL commands that were accepted
  TlsHandshakes,
  TlsFailures,
  ProtocolErrors,    // commands that are wrong or out of order
  PipeliningErrors,  // commands sent ahead although PIPELINING was not offered
  LimitErrors,       // MAIL and RCPT commands beyond what --limits allows
  TurnedAway,        // connections and MAIL commands answered with 421 on request
  Saved,
  kCount,
};

// Written by its thread, read by any.
class Tally {
 public:
  void add(Count count, std::uint64_t by = 1) {
    // One writer: no read-modify-write that would cost a bus lock.
    auto& value = values_[static_cast<std::size_t>(count)];
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::uint64_t value(Count count) const {
    return values_[static_cast<std::size_t>(count)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Count::kCount)> values_{};
};

// Any thread. Keeps 64-bit hashes: two of ten million ids fall together once in 400,000 runs.
class IdSet {
 public:
  // True if `id` is new.
  bool insert(std::string_view id);

 private:
  static constexpr std::size_t kShards = 64;
  struct Shard {
    Mutex mutex;
    std::unordered_set<std::uint64_t> hashes GUARDED_BY(mutex);
  };
  std::array<Shard, kShards> shards_;
};

// The sums of all tallies, as text or JSON. `active`: from the first to the last accepted message.
std::string counts_text(const std::vector<const Tally*>& tallies, const Presence::Peaks& peaks,
                        Clock::duration active);
std::string counts_json(const std::vector<const Tally*>& tallies, const Presence::Peaks& peaks,
                        Clock::duration active);

}  // namespace signpost::bench
