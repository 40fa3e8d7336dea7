// One TCP connection, in clear or under TLS: bytes in, bytes out, and events to a handler.
#pragma once

#include "base/byte_queue.h"
#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/tls_ticket.h"

#include <cstddef>
#include <memory>
#include <string>

namespace signpost::net {

// The events of a stream. Called on the loop's thread, never from within one of Stream's own
// functions, never after the stream's destruction. A handler may destroy its stream only through
// Loop::defer().
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_connected() {}               // connect() succeeded
  virtual void on_secured(const TlsFacts&) {}  // a TLS handshake is done
  // The server gave a ticket, after on_secured(): a later connection to it may continue this one's
  // TLS session.
  virtual void on_ticket(const TlsTicket&) {}
  virtual void on_input() = 0;   // input() has grown
  virtual void on_writable() {}  // output() has shrunk below kLowWater
  // The peer has finished sending (FIN or close_notify), and all that it sent was in input(). True:
  // the handler continues, since the peer may still read, and shuts the stream down when it
  // is done. False: on_closed() follows.
  virtual bool on_input_ended() { return false; }
  // The connection is over: the peer closed it (Errc::PeerClosed), or it, the connect or the
  // handshake failed. The last call, made once. input() holds what arrived before the end.
  virtual void on_closed(const Error& error) = 0;
};

// The loop's thread only. Owns the descriptor. Has no timers: how long to wait is the owner's
// decision.
class Stream {
 public:
  static constexpr std::size_t kLowWater = 16 * 1024;
  // Reading stops while this much input waits to be consumed, so that a peer that sends faster than
  // its input is consumed cannot fill the memory.
  static constexpr std::size_t kMaxInput = 64 * 1024;

  // An accepted connection. Takes ownership of `fd`, which must be non-blocking.
  Stream(Loop& loop, int fd, StreamHandler& handler);
  // Begins to connect, from `source` if it is not null (any port). Fails at once only on local
  // errors.
  static Result<std::unique_ptr<Stream>> connect(Loop& loop, const SocketAddress& to,
                                                 const IpAddress* source, StreamHandler& handler);
  // The same to a unix socket.
  static Result<std::unique_ptr<Stream>> connect_local(Loop& loop, const std::string& path,
                                                       StreamHandler& handler);
  ~Stream();  // closes at once
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // What has arrived and is not consumed. After consuming from a full one, call resume_reading().
  ByteQueue& input();
  // At most kMaxInput, which is also the default. Under TLS a record of 16 KiB may come on top.
  void limit_input(std::size_t octets);
  // Whether a password may be in what arrives; off at first. While on, no buffer but input() keeps
  // a copy of it, neither here nor in OpenSSL.
  void expect_secrets(bool expected);
  void resume_reading();
  // While on, what arrives and is not answered in the same turn is acknowledged at once
  // (TCP_QUICKACK). A client that writes a message line by line under Nagle's algorithm, as PHP and
  // Ruby do, sends a line only when the previous one is acknowledged, which else takes 40 ms each.
  // Off at first.
  void acknowledge_at_once(bool on);

  // Bytes to send; flush() writes what the socket takes, the rest follows by itself. Append all of
  // one turn's replies before one flush(): that is one system call, or one TLS record.
  ByteQueue& output();
  void flush();
  std::size_t unsent() const;  // octets in output(), not yet taken by the socket

  // Sends output(), discards the plaintext in input() (RFC 3207 section 4.2, CVE-2011-0411), and
  // starts a handshake. on_secured() or on_closed() follows. `resumed`: the session to continue if
  // the server agrees, of the same context and with the same expectation; null: none.
  void start_tls_server(const TlsServerContext& context);
  void start_tls_client(const TlsClientContext& context, const TlsExpectation& expected,
                        const TlsTicket* resumed = nullptr);
  bool secured() const;
  // What binds an authentication to this connection. REQUIRES: secured(), as the server
  ChannelBinding channel_binding() const;

  // Sends what is queued, then closes our direction (with close_notify under TLS), and calls
  // on_closed() with Errc::PeerClosed once the peer has closed too. The owner limits how long.
  void shut_down();

  SocketAddress peer() const;  // of a unix socket: none
  SocketAddress local() const;

 private:
  struct Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
