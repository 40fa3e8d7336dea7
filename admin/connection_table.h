// Which connections of a listener have used up their time, and which is closed when there are too
// many.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::admin {

// What a connection is doing:
//
//   Waiting  until the next request is complete: idle or trickling, both have `request_time` in all
//   Working  its request is being worked on; has unlimited time
//   Sending  until the client has read the response: at most `response_time`
//
// One thread. Closes nothing itself: says which.
class ConnectionTable {
 public:
  using Id = std::uint64_t;  // never used again
  enum class State { Waiting, Working, Sending };
  struct Limits {
    std::size_t connections = 0;  // beyond them, one closes for each that comes
    std::chrono::seconds request_time{10};
    std::chrono::seconds response_time{30};
  };

  explicit ConnectionTable(Limits limits) : limits_(limits) {}

  void add(Id id, std::string client, SteadyTime now);  // Waiting
  void enter(Id id, State state, SteadyTime now);       // nothing, once it is removed
  void remove(Id id);                                   // the same

  std::vector<Id> overdue(SteadyTime now) const;
  std::vector<Id> waiting() const;
  // Nothing while there is room. Of the client that has the most connections, the one that has
  // waited longest; one that reads its response only if none is waiting, a working one never.
  std::optional<Id> surplus() const;

  std::size_t count(State state) const;

 private:
  using Clients = std::map<std::string, std::size_t>;  // how many connections each has
  struct Connection {
    Clients::iterator client;
    State state = State::Waiting;
    SteadyTime since;
  };

  bool is_overdue(const Connection& connection, SteadyTime now) const;
  std::optional<Id> longest(State state) const;

  const Limits limits_;
  Clients clients_;
  std::unordered_map<Id, Connection> connections_;
};

}  // namespace signpost::admin
