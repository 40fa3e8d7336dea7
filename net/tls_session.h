// One TLS connection over a Socket. Internal to net/.
#pragma once

#include "net/socket.h"
#include "net/tls.h"
#include "net/tls_ticket.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;

namespace signpost::net {

// OpenSSL reads and writes through the Socket rather than the bare descriptor: the Socket knows
// when a system call would return EAGAIN, and writes without raising SIGPIPE.
class TlsSession {
 public:
  enum class Status {
    Done,
    WantRead,   // call again when the socket is readable
    WantWrite,  // call again when the socket is writable
    Ended,      // closed by the peer, with or without close_notify
    Failed,     // see error()
  };
  struct Outcome {
    Status status;
    std::size_t size = 0;  // with Done
  };

  // Null if OpenSSL is out of memory. `socket` must outlive the session; `expected` need not.
  // `resumed`: what to continue if the server agrees; null: nothing.
  static std::unique_ptr<TlsSession> server(const TlsServerContext& context, Socket& socket);
  static std::unique_ptr<TlsSession> client(const TlsClientContext& context, Socket& socket,
                                            const TlsExpectation& expected,
                                            const TlsTicket* resumed);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Status handshake();
  Outcome read(std::span<char> into);
  // After WantRead or WantWrite the next call must begin with the same bytes.
  Outcome write(std::string_view bytes);
  Status send_close_notify();

  void cleanse_input(bool on);  // whether OpenSSL overwrites what it has deciphered, once read
  bool is_client() const { return client_; }
  bool has_pending() const;  // OpenSSL holds bytes from the socket that read() has not returned
  TlsFacts facts() const;    // REQUIRES: the handshake is done
  // REQUIRES: the server's side, and the handshake is done
  ChannelBinding channel_binding() const;
  // Those that the server has given since the last call.
  std::vector<TlsTicket> take_tickets();
  Error error() const;  // REQUIRES: a call returned Failed

 private:
  TlsSession(ssl_st* ssl, Socket& socket, bool client);
  static std::unique_ptr<TlsSession> create(ssl_ctx_st* context, Socket& socket, bool client);
  Status judge(int result);
  TlsTrust proven() const;  // by a certificate that OpenSSL has nothing against

  ssl_st* const ssl_;
  Socket& socket_;
  const bool client_;
  bool has_expected_names_ = false;
  bool needs_tlsa_ = false;  // nothing else proves the server
  bool has_tlsa_ = false;    // and there are usable ones
  bool socket_ended_ = false;
  bool too_old_ = false;  // what the handshake failed over
  int socket_error_ = 0;
  std::string error_;
  std::vector<TlsTicket> tickets_;

  friend struct SocketBio;
};

}  // namespace signpost::net
