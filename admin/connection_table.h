// Which connections of a listener have had their time, and which has to go when there are too many.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::admin {

// What a connection is doing:
//
//   Waiting  until the next request is complete: idle or trickling, both have `request_time` in all
//   Working  its request is being worked on; has all the time that takes
//   Sending  until the client has taken the response: at most `response_time`
//   Closing  told to go, not gone yet
//
// One thread. Closes nothing itself: says which.
class ConnectionTable {
 public:
  using Id = int;  // the descriptor
  enum class State { Waiting, Working, Sending, Closing };
  struct Limits {
    std::size_t connections = 0;  // beyond them, one closes for each that comes
    std::chrono::seconds request_time{10};
    std::chrono::seconds response_time{30};
  };

  explicit ConnectionTable(Limits limits) : limits_(limits) {}

  void add(Id id, std::string client, SteadyTime now);  // Waiting
  void enter(Id id, State state, SteadyTime now);       // a closing one stays so
  void remove(Id id);

  // These are Closing afterwards.
  std::vector<Id> take_overdue(SteadyTime now);
  std::vector<Id> take_waiting();
  // Nothing while there is room. Of the client that has the most connections, the one that has
  // waited longest; one that takes its response only if none is waiting, a working one never.
  std::optional<Id> take_surplus();

  std::size_t count(State state) const;
  std::size_t size() const { return connections_.size(); }

 private:
  struct Client {
    std::size_t connections = 0;
    std::size_t open = 0;  // of them, those that are not closing
  };
  using Clients = std::map<std::string, Client>;
  struct Connection {
    Clients::iterator client;
    State state = State::Waiting;
    SteadyTime since;
  };

  bool is_overdue(const Connection& connection, SteadyTime now) const;
  void close(Connection& connection);
  std::optional<Id> longest(State state) const;

  const Limits limits_;
  Clients clients_;  // that have connections
  std::unordered_map<Id, Connection> connections_;
  std::size_t open_ = 0;
};

}  // namespace signpost::admin
