// Which jobs are being worked on: on their way to a receiver, or in an operator's command. Only the
// holder of a job's claim may change the job in the store.
#pragma once

#include "base/mutex.h"
#include "queue/envelope.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace signpost::queue {

// Any thread. Its size is bounded by its users: each claims no more than it can work on soon. The
// revision is ignored: a job stays the same job through all its rewrites.
class Claims {
 public:
  bool take(const JobRef& ref);  // false: it is claimed already
  void release(const JobRef& ref);
  bool contains(const JobRef& ref) const;

  // Whether the job is in the hands of a session, which sends it or is about to. A claim begins
  // inactive and may end so. Does nothing for a job that is not claimed.
  void set_active(const JobRef& ref, bool active);
  bool is_active(const JobRef& ref) const;
  std::size_t active() const { return active_.load(std::memory_order_relaxed); }

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  struct Key {
    MessageId id;
    std::uint16_t number;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<MessageId>{}(key.id) * 31 + key.number;
    }
  };
  struct Shard {
    mutable Mutex mutex;
    std::unordered_map<Key, bool, Hash> jobs GUARDED_BY(mutex);  // active?
  };
  static constexpr std::size_t kShards = 16;

  static Key key_of(const JobRef& ref) { return {ref.id, ref.number}; }
  Shard& shard(const Key& key) { return shards_[Hash{}(key) % kShards]; }
  const Shard& shard(const Key& key) const { return shards_[Hash{}(key) % kShards]; }

  std::array<Shard, kShards> shards_;
  std::atomic<std::size_t> size_{0};
  std::atomic<std::size_t> active_{0};
};

}  // namespace signpost::queue
