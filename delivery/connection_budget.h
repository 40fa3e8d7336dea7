// How many connections to one receiver are open, and which worker gets the next one.
#pragma once

#include <cstddef>
#include <vector>

namespace signpost::delivery {

// Pure. A connection goes through: reserved (connecting) -> ready -> ended. While it is connecting,
// others may be attempted beside it, to other addresses: each counts as open until it is ended.
class ConnectionBudget {
 public:
  // `workers`: how many there are to spread the connections over.
  explicit ConnectionBudget(std::size_t workers) : of_worker_(workers) {}

  void set_limit(std::size_t limit) { limit_ = limit; }  // at once
  std::size_t limit() const { return limit_; }
  bool full() const { return open() >= limit_; }
  std::size_t open() const { return connecting_ + connected_ + beside_; }
  std::size_t connecting() const { return connecting_; }
  std::size_t connected() const { return connected_; }

  // Reserves a connection and returns the worker that gets it: the one with the fewest, since the
  // worker that delivers also signs; `preferred` among equals.
  std::size_t reserve(std::size_t preferred);
  void ready();  // a reserved connection can carry mail
  void ended(std::size_t worker, bool was_ready);
  void reserve_beside() { ++beside_; }
  void ended_beside();

 private:
  std::size_t limit_ = 1;
  std::size_t connecting_ = 0;
  std::size_t connected_ = 0;
  std::size_t beside_ = 0;
  std::vector<std::size_t> of_worker_;  // connecting or connected
};

}  // namespace signpost::delivery
