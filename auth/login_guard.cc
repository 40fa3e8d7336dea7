#include "auth/login_guard.h"

#include <algorithm>

namespace signpost::auth {

namespace {

constexpr std::size_t kMaxLogin = 256;  // octets kept of a name that a client may choose freely

std::string pair_of(const std::string& client, std::string_view login) {
  return client + ' ' + std::string(login);
}

}  // namespace

bool LoginGuard::is_known(const std::string& pair, SteadyTime now) {
  const Record* const record = pairs_.find(pair);
  return record != nullptr && now < record->known_until;
}

bool LoginGuard::may_try(const net::IpAddress& client, std::string_view login, SteadyTime now) {
  const std::string from = client.client_prefix().text();
  login = login.substr(0, kMaxLogin);
  const MutexLock lock(mutex_);
  if (is_known(pair_of(from, login), now)) return true;
  const auto locked = [&](Table& table, std::string_view name) {
    const Record* const record = table.find(name);
    return record != nullptr && now < record->locked_until;
  };
  return !locked(clients_, from) && !locked(logins_, login);
}

void LoginGuard::succeeded(const net::IpAddress& client, std::string_view login, SteadyTime now) {
  const std::string pair = pair_of(client.client_prefix().text(), login.substr(0, kMaxLogin));
  const MutexLock lock(mutex_);
  Record& record = pairs_.at(pair);
  record = {};
  record.known_until = now + limits_.known;
  homes_.insert(client.client_prefix().text(), pair);
}

bool LoginGuard::knows(const net::IpAddress& client, SteadyTime now) {
  const MutexLock lock(mutex_);
  const std::string* const pair = homes_.find(client.client_prefix().text());
  return pair != nullptr && is_known(*pair, now);
}

// One failure more; how long it locks.
std::chrono::seconds LoginGuard::count(Record& record, double most, SteadyTime now) const {
  const std::chrono::duration<double> since = now - record.counted;
  record.failures = std::max(0.0, record.failures - since / limits_.forgotten);
  if (record.failures == 0 && now >= record.locked_until + limits_.longest_lock) record.locks = 0;
  record.counted = now;
  record.failures += 1;
  if (record.failures <= most || now < record.locked_until) return std::chrono::seconds(0);
  const auto length =
      std::min(limits_.longest_lock, limits_.first_lock * (1 << std::min(record.locks, 10u)));
  ++record.locks;
  record.locked_until = now + length;
  record.failures = most;  // the first failure after the lock is the next one
  record.counted = record.locked_until;
  return length;
}

LoginGuard::Locked LoginGuard::failed(const net::IpAddress& client, std::string_view login,
                                      SteadyTime now) {
  const std::string from = client.client_prefix().text();
  login = login.substr(0, kMaxLogin);
  const std::string pair = pair_of(from, login);
  const MutexLock lock(mutex_);
  if (is_known(pair, now)) {
    Record& record = *pairs_.find(pair);
    if (count(record, limits_.client_failures, now).count() != 0) record.known_until = {};
    return {};
  }
  return {count(clients_.at(from), limits_.client_failures, now),
          count(logins_.at(std::string(login)), limits_.login_failures, now)};
}

}  // namespace signpost::auth
