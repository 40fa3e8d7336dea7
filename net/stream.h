// One TCP connection, in clear or under TLS: bytes in, bytes out, and a handler that is told.
#pragma once

#include "base/byte_queue.h"
#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/tls.h"

#include <memory>
#include <string>
#include <string_view>

namespace signpost::net {

// What happens to a stream. Called on the loop's thread, never from within one of Stream's own
// functions, never after the stream's destruction. A handler may destroy its stream only through
// Loop::defer().
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_connected() {}               // connect() succeeded
  virtual void on_secured(const TlsFacts&) {}  // a TLS handshake is done
  virtual void on_input() = 0;                 // input() has grown
  virtual void on_writable() {}                // output() has shrunk below kLowWater
  // The connection is over: closed by the peer (Errc::PeerClosed), failed, or a failed connect or
  // handshake. Once, and the last call. What came before the end is in input().
  virtual void on_closed(const Error& error) = 0;
};

// The loop's thread only. Owns the descriptor. Has no timers: the owner knows what it waits for.
class Stream {
 public:
  static constexpr std::size_t kLowWater = 16 * 1024;
  // Reading stops while so much input waits to be consumed, so that a peer that sends faster than
  // it is served cannot fill the memory.
  static constexpr std::size_t kMaxInput = 64 * 1024;

  // An accepted connection. `fd` is non-blocking and from now on the stream's.
  Stream(Loop& loop, int fd, StreamHandler& handler);
  // Begins to connect, from `source` if it is given (port 0). Fails at once only on local errors.
  static Result<std::unique_ptr<Stream>> connect(Loop& loop, const SocketAddress& to,
                                                 const IpAddress* source, StreamHandler& handler);
  ~Stream();  // closes at once
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // What came and was not consumed. After consuming from a full one, call resume_reading().
  ByteQueue& input();
  void resume_reading();

  // Queues bytes to send; flush() writes what the socket takes, the rest follows by itself. Append
  // all of one turn's replies before one flush(): that is one system call, or one TLS record.
  ByteQueue& output();
  void flush();
  std::size_t unsent() const;  // octets in output(), not yet taken by the socket

  // Starts a handshake. Plaintext that is in input() is thrown away (RFC 3207 section 4.2 with
  // CVE-2011-0411); output() is sent first. on_secured() or on_closed() follows.
  void start_tls_server(const TlsServerContext& context);
  // `server_name`: sent as SNI, and the name that the certificate is judged by.
  void start_tls_client(const TlsClientContext& context, const std::string& server_name);
  bool secured() const;

  // Sends what is queued, then closes in both directions (with close_notify under TLS) and calls
  // on_closed() with Errc::PeerClosed when the peer has closed too. The owner sets a time limit.
  void shut_down();

  SocketAddress peer() const;
  SocketAddress local() const;

 private:
  struct Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
