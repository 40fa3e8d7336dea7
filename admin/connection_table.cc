#include "admin/connection_table.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace signpost::admin {

void ConnectionTable::add(Id id, std::string client, SteadyTime now) {
  const auto entry = clients_.try_emplace(std::move(client)).first;
  const bool added = connections_.emplace(id, Connection{entry, State::Waiting, now}).second;
  CHECK(added);
  ++entry->second.connections;
  ++entry->second.open;
  ++open_;
}

void ConnectionTable::enter(Id id, State state, SteadyTime now) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.state == State::Closing) return;
  found->second.state = state;
  found->second.since = now;
}

void ConnectionTable::close(Connection& connection) {
  if (std::exchange(connection.state, State::Closing) == State::Closing) return;
  --connection.client->second.open;
  --open_;
}

void ConnectionTable::remove(Id id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  close(found->second);
  if (--found->second.client->second.connections == 0) clients_.erase(found->second.client);
  connections_.erase(found);
}

bool ConnectionTable::is_overdue(const Connection& connection, SteadyTime now) const {
  if (connection.state == State::Waiting) return now - connection.since >= limits_.request_time;
  return connection.state == State::Sending && now - connection.since >= limits_.response_time;
}

std::vector<ConnectionTable::Id> ConnectionTable::take_overdue(SteadyTime now) {
  std::vector<Id> taken;
  for (auto& [id, connection] : connections_) {
    if (!is_overdue(connection, now)) continue;
    close(connection);
    taken.push_back(id);
  }
  return taken;
}

std::vector<ConnectionTable::Id> ConnectionTable::take_waiting() {
  std::vector<Id> taken;
  for (auto& [id, connection] : connections_) {
    if (connection.state != State::Waiting) continue;
    close(connection);
    taken.push_back(id);
  }
  return taken;
}

std::optional<ConnectionTable::Id> ConnectionTable::take_surplus() {
  if (open_ <= limits_.connections) return std::nullopt;
  auto chosen = longest(State::Waiting);
  if (!chosen) chosen = longest(State::Sending);
  if (chosen) close(connections_.at(*chosen));
  return chosen;
}

// Looks at all connections, which only happens when all are taken.
std::optional<ConnectionTable::Id> ConnectionTable::longest(State state) const {
  const Connection* longest = nullptr;
  std::optional<Id> chosen;
  for (const auto& [id, connection] : connections_) {
    if (connection.state != state) continue;
    if (longest != nullptr) {
      const std::size_t share = connection.client->second.open;
      const std::size_t most = longest->client->second.open;
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
