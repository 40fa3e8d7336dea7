// How much the relay takes on: bounds on sessions, memory and disk, shared by all workers.
#pragma once

#include "base/mutex.h"
#include "base/result.h"
#include "net/address.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>

namespace signpost::relay {

// How far a client is trusted. Strangers cannot take the last fifth of the places: a tenth is kept
// for trusted networks, and a tenth for clients from which a login is known.
enum class ClientKind : std::uint8_t { Stranger, Known, Trusted };

enum class Place : std::uint8_t {
  Taken,
  Full,        // the places for its kind are taken
  ClientFull,  // those for its address, or for the network around it, are
};

// Any thread.
class Admission {
 public:
  struct Limits {
    std::size_t sessions = 10'000;
    // From one address. For IPv6: from a /64, twice as many from a /56, and four times from a /48,
    // which one customer of a provider may have. Trusted networks have no such limit.
    std::size_t sessions_per_client = 100;
    std::size_t memory = 1 << 30;  // octets held in memory: content, received or on its way out,
                                   // and what clients have sent or not taken yet
  };
  void set_limits(const Limits& limits);

  // A session of `client` begins, unless there is no place for it.
  Place begin_session(const net::IpAddress& client, ClientKind kind);
  void log_in();  // a stranger's session now counts as a known client's
  void end_session(const net::IpAddress& client, ClientKind kind);
  std::size_t sessions() const { return sessions_.load(std::memory_order_relaxed); }
  std::size_t most_sessions() const;

  // Octets in memory. take_memory() counts it in any case, and says whether the limit still holds.
  bool take_memory(std::size_t octets);
  void give_memory(std::size_t octets);
  bool has_memory_for(std::size_t octets) const;
  // Whether a message of this many octets may be in memory on its way out; otherwise it waits in
  // the queue. Large messages may take half of the limit together: receivers that take them slowly
  // hold up neither small ones nor incoming ones.
  bool may_hold(std::size_t octets) const;
  bool memory_is_exhausted() const;
  std::size_t memory() const { return memory_.load(std::memory_order_relaxed); }
  std::size_t most_memory() const { return max_memory_.load(std::memory_order_relaxed); }

  // Checks the file system of `directory`, where `pending` octets are still to be written. Called
  // every second by the main thread.
  void check_disk(const std::string& directory, double free_share, std::uint64_t free_bytes,
                  std::uint64_t pending);
  // A message of this many octets goes to the disk; false, and nothing is taken: no room for it.
  // The next check is a second away, and many may come until then.
  bool take_disk(std::size_t octets);
  bool disk_is_full() const { return disk_room_.load(std::memory_order_relaxed) <= 0; }
  // As of the last check: the free space without what is still to be written, and how much of it
  // has to stay free.
  std::uint64_t disk_free() const { return disk_free_.load(std::memory_order_relaxed); }
  std::uint64_t disk_needed() const { return disk_needed_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::array<unsigned, 3> kNetworks = {64, 56, 48};  // of IPv6, in bits

  bool client_has_room(const net::IpAddress& client) const REQUIRES(mutex_);

  std::atomic<std::size_t> max_memory_{1 << 30};
  std::atomic<std::size_t> sessions_{0};
  std::atomic<std::size_t> memory_{0};
  std::atomic<std::int64_t> disk_room_{std::numeric_limits<std::int64_t>::max()};
  std::atomic<std::uint64_t> disk_free_{0};
  std::atomic<std::uint64_t> disk_needed_{0};
  bool disk_was_full_ = false;  // the main thread's

  mutable Mutex mutex_;
  std::size_t max_sessions_ GUARDED_BY(mutex_) = 10'000;
  std::size_t max_per_client_ GUARDED_BY(mutex_) = 100;
  std::size_t untrusted_ GUARDED_BY(mutex_) = 0;  // sessions of strangers and of known clients
  std::size_t strangers_ GUARDED_BY(mutex_) = 0;
  // Sessions that are not trusted, by network; each at most as long as untrusted_. IPv4 has the
  // first alone.
  std::array<std::unordered_map<net::IpAddress, std::size_t>, kNetworks.size()> clients_
      GUARDED_BY(mutex_);
};

}  // namespace signpost::relay
