// One attempt to connect to a receiver; when it has succeeded, the connection.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "delivery/host_walk.h"
#include "delivery/session_host.h"
#include "net/stream.h"
#include "net/timer.h"

#include <chrono>
#include <memory>
#include <optional>

namespace signpost::delivery {

// Belongs to one receiver connection, on its worker's thread. Has a place at its address until
// hang_up().
class Dial final : private net::StreamHandler {
 public:
  // One of the two is called, and not from within a function of the dial.
  class User {
   public:
    virtual ~User() = default;
    virtual void on_connected(Dial& dial) = 0;
    virtual void on_failed(Dial& dial, const Error& error) = 0;  // to connect, or in time
  };

  // `host` and `user` must outlive it, or hang_up() be called before. REQUIRES: a place is taken at
  // the target's address, unless it is a unix socket
  Dial(SessionHost& host, User& user, HostWalk::Target target);
  ~Dial() override;

  // Fails at once only on local errors. `source`: null, any address of this machine.
  Result<void> begin(const net::IpAddress* source, std::chrono::milliseconds limit);
  // The connection's events go to `handler` from now on. REQUIRES: on_connected() was called
  void hand_over(net::StreamHandler& handler) { handler_ = &handler; }
  // Gives the place back and calls nobody any more. A callback of its stream may be calling:
  // destroy it next, by Loop::defer().
  void hang_up();

  const HostWalk::Target& target() const { return target_; }
  const std::optional<net::IpAddress>& place() const { return place_; }  // of a unix socket: none
  SteadyTime began() const { return began_; }  // REQUIRES: begin() succeeded
  net::Stream& stream() { return *stream_; }   // REQUIRES: begin() succeeded

 private:
  // net::StreamHandler
  void on_connected() override;
  void on_secured(const net::TlsFacts& facts) override;
  void on_ticket(const net::TlsTicket& ticket) override;
  void on_input() override;
  void on_writable() override;
  void on_closed(const Error& error) override;

  void failed(const Error& error);

  SessionHost& host_;
  User* user_;                             // null: it has been told, or does not care any more
  net::StreamHandler* handler_ = nullptr;  // once it is connected
  const HostWalk::Target target_;
  std::optional<net::IpAddress> place_;
  SteadyTime began_{};
  std::unique_ptr<net::Stream> stream_;
  net::Timer timer_;
};

}  // namespace signpost::delivery
