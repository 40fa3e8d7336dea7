#include "auth/login_guard.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace signpost::auth {

namespace {

constexpr std::size_t kMaxLogin = 256;  // octets kept of a name that a client may choose freely
constexpr std::chrono::hours kWorthSaving{24};

std::string pair_of(const std::string& client, std::string_view login) {
  return client + ' ' + std::string(login);
}

}  // namespace

LoginGuard::Pair* LoginGuard::known_pair(const std::string& name, SteadyTime now) {
  Pair* const pair = pairs_.find(name);
  return pair != nullptr && now < pair->known_until ? pair : nullptr;
}

bool LoginGuard::may_try(const net::IpAddress& client, std::string_view login, SteadyTime now) {
  const std::string from = client.client_prefix().text();
  login = login.substr(0, kMaxLogin);
  const MutexLock lock(mutex_);
  return known_pair(pair_of(from, login), now) != nullptr || !locked(from, login, now);
}

bool LoginGuard::locked(const std::string& client, std::string_view login, SteadyTime now) {
  const auto is_locked = [&](Table& table, std::string_view name) {
    const Record* const record = table.find(name);
    return record != nullptr && now < record->locked_until;
  };
  return is_locked(clients_, client) || is_locked(logins_, login);
}

bool LoginGuard::locks_strangers(const net::IpAddress& client, std::string_view login,
                                 SteadyTime now) {
  const MutexLock lock(mutex_);
  return locked(client.client_prefix().text(), login.substr(0, kMaxLogin), now);
}

double LoginGuard::faded(double failures, SteadyTime counted, SteadyTime now) const {
  const std::chrono::duration<double> since = now - counted;
  return std::max(0.0, failures - since / limits_.forgotten);
}

// Counts one more failure; returns how long it locks.
std::chrono::seconds LoginGuard::count(Record& record, double most, SteadyTime now) const {
  record.failures = faded(record.failures, record.counted, now);
  if (record.failures == 0 && now >= record.locked_until + limits_.longest_lock) record.locks = 0;
  record.counted = now;
  record.failures += 1;
  if (record.failures <= most) return std::chrono::seconds(0);
  const auto length =
      std::min(limits_.longest_lock, limits_.first_lock * (1 << std::min(record.locks, 10u)));
  ++record.locks;
  record.locked_until = now + length;
  record.failures = most;  // the first failure after the lock is the next one
  record.counted = record.locked_until;
  return length;
}

void LoginGuard::uncount(Record* record, std::chrono::seconds lock, double before, SteadyTime now) {
  if (record == nullptr) return;
  if (lock.count() == 0) {
    record->failures = std::max(0.0, record->failures - 1);
    return;
  }
  record->failures = before;
  record->counted = now;
  record->locked_until = now;
  --record->locks;
}

std::optional<LoginGuard::Try> LoginGuard::begin(const net::IpAddress& client,
                                                 std::string_view login, SteadyTime now) {
  const std::string from = client.client_prefix().text();
  login = login.substr(0, kMaxLogin);
  const MutexLock lock(mutex_);
  Try begun;
  if (Pair* const pair = known_pair(pair_of(from, login), now)) {
    pair->failures = faded(pair->failures, pair->counted, now) + 1;
    pair->counted = now;
    begun.known = true;
    begun.last = pair->failures > limits_.client_failures;
    return begun;
  }
  Record& of_client = clients_.at(from);
  Record& of_login = logins_.at(std::string(login));
  if (now < of_client.locked_until || now < of_login.locked_until) return {};
  begun.client_failures = faded(of_client.failures, of_client.counted, now);
  begun.login_failures = faded(of_login.failures, of_login.counted, now);
  begun.locked = {count(of_client, limits_.client_failures, now),
                  count(of_login, limits_.login_failures, now)};
  return begun;
}

LoginGuard::Locked LoginGuard::failed(const Try& begun, const net::IpAddress& client,
                                      std::string_view login) {
  if (begun.last) {
    const MutexLock lock(mutex_);
    Pair* const pair =
        pairs_.find(pair_of(client.client_prefix().text(), login.substr(0, kMaxLogin)));
    if (pair != nullptr) pair->known_until = {};
    unsaved_ = true;
  }
  return begun.locked;
}

void LoginGuard::take_back(const Try& begun, const net::IpAddress& client, std::string_view login,
                           SteadyTime now) {
  if (begun.known) return;  // the success clears its failures
  const MutexLock lock(mutex_);
  uncount(clients_.find(client.client_prefix().text()), begun.locked.client, begun.client_failures,
          now);
  uncount(logins_.find(login.substr(0, kMaxLogin)), begun.locked.login, begun.login_failures, now);
}

void LoginGuard::make_known(const std::string& client, std::string_view login, SteadyTime until) {
  const std::string name = pair_of(client, login);
  Pair& pair = pairs_.at(name);
  pair = {client, std::string(login), until, pair.saved_until, 0, {}};
  homes_.insert(client, name);
  unsaved_ = unsaved_ || until - pair.saved_until > kWorthSaving;
}

void LoginGuard::succeeded(const net::IpAddress& client, std::string_view login, SteadyTime now) {
  const MutexLock lock(mutex_);
  make_known(client.client_prefix().text(), login.substr(0, kMaxLogin), now + limits_.known);
}

bool LoginGuard::knows(const net::IpAddress& client, std::string_view login, SteadyTime now) {
  const MutexLock lock(mutex_);
  const std::string from = client.client_prefix().text();
  return known_pair(pair_of(from, login.substr(0, kMaxLogin)), now) != nullptr;
}

bool LoginGuard::knows(const net::IpAddress& client, SteadyTime now) {
  const MutexLock lock(mutex_);
  const std::string* const pair = homes_.find(client.client_prefix().text());
  return pair != nullptr && known_pair(*pair, now) != nullptr;
}

std::vector<LoginGuard::Known> LoginGuard::known(SteadyTime now) {
  const MutexLock lock(mutex_);
  std::vector<Known> all;
  pairs_.visit([&](const std::string&, Pair& pair) {
    pair.saved_until = pair.known_until;
    if (now >= pair.known_until) return;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(pair.known_until - now);
    all.push_back({pair.client, pair.login, left});
  });
  unsaved_ = false;
  return all;
}

bool LoginGuard::unsaved() {
  const MutexLock lock(mutex_);
  return unsaved_;
}

std::size_t LoginGuard::failures(const net::IpAddress& client, SteadyTime now) {
  const MutexLock lock(mutex_);
  const Record* const record = clients_.find(client.client_prefix().text());
  if (record == nullptr) return 0;
  return static_cast<std::size_t>(std::ceil(faded(record->failures, record->counted, now)));
}

LoginGuard::Locks LoginGuard::locks(SteadyTime now) {
  const MutexLock lock(mutex_);
  const auto count = [now](Table& table) {
    std::size_t locked = 0;
    table.visit([&](const std::string&, const Record& record) {
      if (now < record.locked_until) ++locked;
    });
    return locked;
  };
  return {count(clients_), count(logins_)};
}

void LoginGuard::set_unsaved() {
  const MutexLock lock(mutex_);
  unsaved_ = true;
}

void LoginGuard::restore(const std::vector<Known>& pairs, SteadyTime now) {
  const MutexLock lock(mutex_);
  for (const Known& known : pairs) {
    const auto left = std::min<std::chrono::seconds>(known.left, limits_.known);
    const std::string_view login = std::string_view(known.login).substr(0, kMaxLogin);
    make_known(known.client, login, now + left);
    pairs_.at(pair_of(known.client, login)).saved_until = now + left;
  }
  unsaved_ = false;
}

}  // namespace signpost::auth
