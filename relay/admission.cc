#include "relay/admission.h"

#include "base/check.h"
#include "relay/disk_space.h"
#include "relay/events.h"

#include <algorithm>
#include <utility>

namespace signpost::relay {

namespace {

constexpr std::size_t kSmall = 256 << 10;  // octets of a message that needs no share of its own

net::IpAddress network_of(const net::IpAddress& client, unsigned length) {
  return client.is_v6() ? client.network(length) : client;
}

}  // namespace

void Admission::set_limits(const Limits& limits) {
  max_memory_.store(limits.memory, std::memory_order_relaxed);
  const MutexLock lock(mutex_);
  max_sessions_ = limits.sessions;
  max_per_client_ = limits.sessions_per_client;
}

std::size_t Admission::most_sessions() const {
  const MutexLock lock(mutex_);
  return max_sessions_;
}

bool Admission::client_has_room(const net::IpAddress& client) const {
  std::size_t most = max_per_client_;
  for (std::size_t i = 0; i < (client.is_v6() ? kNetworks.size() : 1); ++i, most *= 2) {
    const auto entry = clients_[i].find(network_of(client, kNetworks[i]));
    if (entry != clients_[i].end() && entry->second >= most) return false;
  }
  return true;
}

Place Admission::begin_session(const net::IpAddress& client, ClientKind kind) {
  const MutexLock lock(mutex_);
  if (kind != ClientKind::Trusted && !client_has_room(client)) return Place::ClientFull;
  const std::size_t kept_for_trusted = max_sessions_ / 10;
  const std::size_t kept_for_known = max_sessions_ / 5 - kept_for_trusted;
  if (sessions_.load(std::memory_order_relaxed) >= max_sessions_) return Place::Full;
  if (kind == ClientKind::Trusted) {
    const std::size_t trusted = sessions_.load(std::memory_order_relaxed) - untrusted_;
    if (trusted >= max_sessions_ - kept_for_known) return Place::Full;
  } else if (untrusted_ >= max_sessions_ - kept_for_trusted) {
    return Place::Full;
  }
  if (kind == ClientKind::Stranger &&
      strangers_ >= max_sessions_ - kept_for_trusted - kept_for_known) {
    return Place::Full;
  }
  sessions_.fetch_add(1, std::memory_order_relaxed);
  if (kind == ClientKind::Trusted) return Place::Taken;
  ++untrusted_;
  if (kind == ClientKind::Stranger) ++strangers_;
  for (std::size_t i = 0; i < (client.is_v6() ? kNetworks.size() : 1); ++i) {
    ++clients_[i][network_of(client, kNetworks[i])];
  }
  return Place::Taken;
}

void Admission::log_in() {
  const MutexLock lock(mutex_);
  CHECK(strangers_ > 0);
  --strangers_;
}

void Admission::end_session(const net::IpAddress& client, ClientKind kind) {
  const MutexLock lock(mutex_);
  sessions_.fetch_sub(1, std::memory_order_relaxed);
  if (kind == ClientKind::Trusted) return;
  --untrusted_;
  if (kind == ClientKind::Stranger) --strangers_;
  for (std::size_t i = 0; i < (client.is_v6() ? kNetworks.size() : 1); ++i) {
    const auto entry = clients_[i].find(network_of(client, kNetworks[i]));
    if (entry != clients_[i].end() && --entry->second == 0) clients_[i].erase(entry);
  }
}

bool Admission::take_memory(std::size_t octets) {
  return memory_.fetch_add(octets, std::memory_order_relaxed) + octets <=
         max_memory_.load(std::memory_order_relaxed);
}

void Admission::give_memory(std::size_t octets) {
  memory_.fetch_sub(octets, std::memory_order_relaxed);
}

bool Admission::has_memory_for(std::size_t octets) const {
  const std::size_t limit = max_memory_.load(std::memory_order_relaxed);
  const std::size_t taken = memory_.load(std::memory_order_relaxed);
  return taken < limit && octets <= limit - taken;
}

bool Admission::may_hold(std::size_t octets) const {
  const std::size_t limit = max_memory_.load(std::memory_order_relaxed);
  const std::size_t taken = memory_.load(std::memory_order_relaxed);
  // A single message is never too large: it could not be sent at all.
  if (taken == 0) return true;
  const std::size_t share = octets <= kSmall ? limit : limit / 2;
  return taken < share && octets <= share - taken;
}

bool Admission::memory_is_exhausted() const {
  return memory_.load(std::memory_order_relaxed) >= max_memory_.load(std::memory_order_relaxed);
}

void Admission::check_disk(const std::string& directory, double free_share,
                           std::uint64_t free_bytes, std::uint64_t pending) {
  const auto space = disk_space(directory, free_share, free_bytes);
  if (!space) return;
  const std::uint64_t free = space->free;
  const std::uint64_t needed = space->needed;
  disk_free_.store(free - std::min(free, pending), std::memory_order_relaxed);
  disk_needed_.store(needed, std::memory_order_relaxed);
  const bool full = free < needed || free - needed < pending;
  const std::uint64_t room = full ? 0 : free - needed - pending;
  disk_room_.store(static_cast<std::int64_t>(
                       std::min(room, std::uint64_t{std::numeric_limits<std::int64_t>::max()})),
                   std::memory_order_relaxed);
  if (std::exchange(disk_was_full_, full) == full) return;
  if (full) {
    log::emit(events::DiskFull{
        .directory = directory, .free_bytes = free, .needed = needed, .pending = pending});
  } else {
    log::emit(events::DiskHasRoom{.directory = directory, .free_bytes = free});
  }
}

bool Admission::take_disk(std::size_t octets) {
  // Twice: to the log now, to a data file if it stays.
  const auto needed = static_cast<std::int64_t>(2 * octets);
  if (disk_room_.fetch_sub(needed, std::memory_order_relaxed) >= needed) return true;
  disk_room_.fetch_add(needed, std::memory_order_relaxed);
  return false;
}

}  // namespace signpost::relay
