// Reads the PROXY header of an accepted connection, and not one octet of what follows it.
#pragma once

#include "base/descriptor.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/poll.h"
#include "net/proxy_protocol.h"
#include "net/timer.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace signpost::net {

// The loop's thread only. Owns the descriptor until release().
class ProxyHeaderReader {
 public:
  // Called once, in a turn of the loop. The header; or Errc::TimedOut, Errc::Protocol, or
  // Errc::PeerClosed when the peer ends, without having sent anything if the detail is empty. It
  // may destroy the reader only through Loop::defer().
  using OnDone = std::function<void(Result<ProxyHeader>)>;
  ProxyHeaderReader(Loop& loop, int fd, std::chrono::milliseconds limit, OnDone on_done);

  int release();  // the caller's from now on; what follows the header is still in the socket

 private:
  void read();
  void end(Result<ProxyHeader> outcome);

  Descriptor fd_;
  OnDone on_done_;
  std::string header_;  // what has come of it
  std::optional<Poll> poll_;
  Timer timer_;
};

}  // namespace signpost::net
