#include "admin/connection_table.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace signpost::admin {

void ConnectionTable::add(Id id, std::string client, SteadyTime now) {
  connections_.insert_or_assign(id, Connection{std::move(client), State::Waiting, now});
}

void ConnectionTable::enter(Id id, State state, SteadyTime now) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.state == State::Closing) return;
  found->second.state = state;
  found->second.since = now;
}

void ConnectionTable::remove(Id id) { connections_.erase(id); }

bool ConnectionTable::is_overdue(const Connection& connection, SteadyTime now) const {
  if (connection.state == State::Waiting) return now - connection.since >= limits_.request_time;
  return connection.state == State::Sending && now - connection.since >= limits_.response_time;
}

std::vector<ConnectionTable::Id> ConnectionTable::take_overdue(SteadyTime now) {
  std::vector<Id> taken;
  for (auto& [id, connection] : connections_) {
    if (!is_overdue(connection, now)) continue;
    connection.state = State::Closing;
    taken.push_back(id);
  }
  return taken;
}

std::vector<ConnectionTable::Id> ConnectionTable::take_waiting() {
  std::vector<Id> taken;
  for (auto& [id, connection] : connections_) {
    if (connection.state != State::Waiting) continue;
    connection.state = State::Closing;
    taken.push_back(id);
  }
  return taken;
}

std::optional<ConnectionTable::Id> ConnectionTable::take_surplus() {
  if (connections_.size() - count(State::Closing) <= limits_.connections) return std::nullopt;
  auto chosen = longest(State::Waiting);
  if (!chosen) chosen = longest(State::Sending);
  if (chosen) connections_.at(*chosen).state = State::Closing;
  return chosen;
}

// Looks at all connections, which only happens when all are taken.
std::optional<ConnectionTable::Id> ConnectionTable::longest(State state) const {
  std::unordered_map<std::string_view, std::size_t> of_client;
  for (const auto& [id, connection] : connections_) {
    if (connection.state != State::Closing) ++of_client[connection.client];
  }
  const Connection* longest = nullptr;
  std::optional<Id> chosen;
  for (const auto& [id, connection] : connections_) {
    if (connection.state != state) continue;
    const std::size_t share = of_client[connection.client];
    const std::size_t most = longest == nullptr ? 0 : of_client[longest->client];
    if (longest != nullptr &&
        (share < most || (share == most && connection.since >= longest->since))) {
      continue;
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
