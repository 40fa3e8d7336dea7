// One question over TCP, for an answer that does not fit a datagram (RFC 7766). Its connection is
// its own: a server that refuses or closes it affects no other question. Internal to dns/.
#pragma once

#include "base/alive.h"
#include "dns/spelling.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace signpost::dns {

// The loop's thread only. Destroying it drops the question, but not from within `done`: use
// Loop::defer().
class StreamQuestion final : private net::StreamHandler {
 public:
  // The first response that repeats the question, whatever its spelling, from a server that does
  // not fail; valid during the call. Nothing: no server gave one.
  using Done = std::move_only_function<void(std::optional<Octets> response)>;

  // Asks the servers one after the other, each for `timeout`. `done` is called once, in a later
  // turn.
  StreamQuestion(net::Loop& loop, std::vector<net::SocketAddress> servers,
                 std::vector<unsigned char> query, std::chrono::milliseconds timeout, Done done);
  void cancel();  // `done` is not called any more

 private:
  void on_connected() override;
  void on_input() override;
  void on_closed(const Error& error) override;

  void ask_next();
  void ask_next_later();
  void finish(std::optional<Octets> response);

  net::Loop& loop_;
  const std::vector<net::SocketAddress> servers_;
  const std::vector<unsigned char> query_;
  const std::chrono::milliseconds timeout_;
  Done done_;  // until it was called
  net::Timer timer_;
  std::size_t next_ = 0;
  bool moving_on_ = false;  // ask_next() is due
  std::unique_ptr<net::Stream> stream_;
  std::optional<std::size_t> expected_;  // octets of the response, once known
  Alive alive_;                          // for deferred calls
};

}  // namespace signpost::dns
