#include "admin/connection_table.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace signpost::admin {

void ConnectionTable::add(Id id, std::string client, SteadyTime now) {
  const auto entry = clients_.try_emplace(std::move(client)).first;
  const bool added = connections_.emplace(id, Connection{entry, State::Waiting, now}).second;
  CHECK(added);
  ++entry->second;
}

void ConnectionTable::enter(Id id, State state, SteadyTime now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  found->second.state = state;
  found->second.since = now;
}

void ConnectionTable::remove(Id id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (--found->second.client->second == 0) clients_.erase(found->second.client);
  connections_.erase(found);
}

bool ConnectionTable::is_overdue(const Connection& connection, SteadyTime now) const {
  if (connection.state == State::Waiting) return now - connection.since >= limits_.request_time;
  return connection.state == State::Sending && now - connection.since >= limits_.response_time;
}

std::vector<ConnectionTable::Id> ConnectionTable::overdue(SteadyTime now) const {
  std::vector<Id> found;
  for (const auto& [id, connection] : connections_) {
    if (is_overdue(connection, now)) found.push_back(id);
  }
  return found;
}

std::vector<ConnectionTable::Id> ConnectionTable::waiting() const {
  std::vector<Id> found;
  for (const auto& [id, connection] : connections_) {
    if (connection.state == State::Waiting) found.push_back(id);
  }
  return found;
}

std::optional<ConnectionTable::Id> ConnectionTable::surplus() const {
  if (connections_.size() <= limits_.connections) return std::nullopt;
  const auto idlest = longest(State::Waiting);
  return idlest ? idlest : longest(State::Sending);
}

// Examines all connections, which only happens when all are in use.
std::optional<ConnectionTable::Id> ConnectionTable::longest(State state) const {
  const Connection* longest = nullptr;
  std::optional<Id> chosen;
  for (const auto& [id, connection] : connections_) {
    if (connection.state != state) continue;
    if (longest != nullptr) {
      const std::size_t share = connection.client->second;
      const std::size_t most = longest->client->second;
      if (share < most || (share == most && connection.since >= longest->since)) continue;
    }
    longest = &connection;
    chosen = id;
  }
  return chosen;
}

std::size_t ConnectionTable::count(State state) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      connections_, [state](const auto& entry) { return entry.second.state == state; }));
}

}  // namespace signpost::admin
