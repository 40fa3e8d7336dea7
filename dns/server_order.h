// In which order name servers are asked: as configured, but recently silent ones last, so
// that a dead server costs a time-out now and then and not one for each question. Pure. Internal to
// dns/.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace signpost::dns {

// Servers are identified by their index in the configuration.
class ServerOrder {
 public:
  // Each time this has passed, one question asks a silent server in its configured place again.
  static constexpr std::chrono::seconds kProbeInterval{30};

  explicit ServerOrder(std::size_t servers) : servers_(servers) {}

  std::size_t size() const { return servers_.size(); }
  std::vector<std::size_t> for_next_question(SteadyTime now);
  void answered(std::size_t server, SteadyTime now);
  // A question sent at `asked` got no answer. Ignored if the server has answered another one
  // since: then just a datagram was lost.
  void silent(std::size_t server, SteadyTime asked, SteadyTime now);

 private:
  struct Server {
    SteadyTime last_answer{};
    std::optional<SteadyTime> next_probe{};  // while it counts as silent
  };
  std::vector<Server> servers_;
};

}  // namespace signpost::dns
