// Which jobs are in memory: waiting in a destination, being delivered, or in an operator's hands.
// Whoever holds a job's claim is the only one who may change it in the store.
#pragma once

#include "queue/envelope.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_set>

namespace signpost::relay {

// Any thread. Bounded by those who claim: the feeder and the submission sessions.
class ActiveJobs {
 public:
  static constexpr std::size_t kMax = 50'000;  // kept by those who claim; more stay in the store

  bool claim(const queue::JobRef& ref);  // false: somebody has it
  void release(const queue::JobRef& ref);
  bool contains(const queue::JobRef& ref) const;
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  // The revision does not count: a job is one job through all its rewrites.
  struct Key {
    queue::MessageId id;
    std::uint16_t number;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<queue::MessageId>{}(key.id) * 31 + key.number;
    }
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_set<Key, Hash> keys;
  };
  static constexpr std::size_t kShards = 16;

  static Key key_of(const queue::JobRef& ref) { return {ref.id, ref.number}; }
  Shard& shard(const Key& key) { return shards_[Hash{}(key) % kShards]; }
  const Shard& shard(const Key& key) const { return shards_[Hash{}(key) % kShards]; }

  std::array<Shard, kShards> shards_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace signpost::relay
