// How much the relay takes on: bounds on sessions, memory and disk, shared by all workers.
#pragma once

#include "base/mutex.h"
#include "base/result.h"
#include "net/address.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>

namespace signpost::relay {

// Any thread.
class Admission {
 public:
  struct Limits {
    std::size_t sessions = 10'000;
    std::size_t sessions_per_client = 100;
    std::size_t memory = 1 << 30;  // octets of content held in memory, received or on its way out
  };
  void set_limits(const Limits& limits);

  // A session from `client` begins; false: refuse it with 421. `trusted` clients count in the total
  // only.
  bool begin_session(const net::IpAddress& client, bool trusted);
  void end_session(const net::IpAddress& client, bool trusted);
  std::size_t sessions() const { return sessions_.load(std::memory_order_relaxed); }

  // Content in memory. take_memory() counts it in any case, and says whether the limit still holds.
  bool take_memory(std::size_t octets);
  void give_memory(std::size_t octets);
  bool has_memory_for(std::size_t octets) const;
  // Whether a message of this many octets may be in memory on its way out; otherwise it waits in
  // the queue. Large messages may take half of the limit together: receivers that take them slowly
  // hold up neither small ones nor what is being received.
  bool may_hold(std::size_t octets) const;
  bool memory_is_exhausted() const;

  // Checks the file system of `directory`, where `pending` octets are still to be written. Called
  // every second by the main thread.
  void check_disk(const std::string& directory, double free_share, std::uint64_t free_bytes,
                  std::uint64_t pending);
  // A message of this many octets is on its way to the disk: the next check is a second away.
  void take_disk(std::size_t octets);
  bool disk_is_full() const { return disk_room_.load(std::memory_order_relaxed) <= 0; }

 private:
  std::atomic<std::size_t> max_sessions_{10'000};
  std::atomic<std::size_t> max_per_client_{100};
  std::atomic<std::size_t> max_memory_{1 << 30};
  std::atomic<std::size_t> sessions_{0};
  std::atomic<std::size_t> memory_{0};
  std::atomic<std::int64_t> disk_room_{std::numeric_limits<std::int64_t>::max()};
  bool disk_was_full_ = false;  // the main thread's
  Mutex mutex_;
  std::unordered_map<net::IpAddress, std::size_t> clients_ GUARDED_BY(mutex_);  // at most sessions_
};

}  // namespace signpost::relay
