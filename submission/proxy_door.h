// Connections of load balancers, until their PROXY header says for whom they are.
#pragma once

#include "net/address.h"
#include "net/proxy_header_reader.h"
#include "relay/context.h"
#include "submission/holds.h"
#include "submission/line_budget.h"
#include "submission/peer.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace signpost::submission {

// One per worker, its thread only. Both references must outlive it. A connection without a header
// in time, or with something else instead, is closed without a word (the specification's section 2:
// guessing would let clients choose their address).
class ProxyDoor {
 public:
  // `fd` is the receiver's. Called in a turn of the loop.
  using OnPassed =
      std::function<void(const std::string& listener, std::uint64_t id, int fd, const Peer& peer)>;
  ProxyDoor(relay::Context& context, LineBudget& lines, OnPassed on_passed);

  // Takes over `fd`. `place`: the balancer's, given back when the header is there.
  void wait(const std::string& listener, std::uint64_t id, int fd,
            const net::SocketAddress& balancer, SessionPlace place);
  bool empty() const { return waiting_.empty(); }
  void cut() { waiting_.clear(); }  // from outside of on_passed

 private:
  struct Waiting {
    std::string listener;
    net::SocketAddress balancer;
    SessionPlace place;
    std::unique_ptr<net::ProxyHeaderReader> reader;
  };

  void header_read(std::uint64_t id, Result<net::ProxyHeader> header);
  void report(std::uint64_t id, const net::SocketAddress& balancer, const Error& error);

  relay::Context& context_;
  LineBudget& lines_;
  OnPassed on_passed_;
  std::unordered_map<std::uint64_t, Waiting> waiting_;
};

}  // namespace signpost::submission
