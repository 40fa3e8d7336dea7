#include "bench/wire/channel.h"

#include "base/check.h"
#include "bench/wire/socket.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace signpost::bench {

namespace {

constexpr int kReadsAtOnce = 8;  // then other connections have their turn
thread_local char read_buffer[64 << 10];

}  // namespace

void Channel::FreeTls::operator()(ssl_st* tls) const { SSL_free(tls); }

Channel::Channel(Poller& poller, Descriptor fd, Handler& handler, std::uint32_t events)
    : poller_(poller), fd_(std::move(fd)), handler_(handler), watched_(events) {
  poller_.add(fd_.get(), events, handler_);
}

Channel::~Channel() { poller_.remove(fd_.get()); }

void Channel::watch(std::uint32_t events) {
  if (events == watched_) return;
  watched_ = events;
  poller_.modify(fd_.get(), events, handler_);
}

void Channel::consume(std::size_t size) {
  consumed_ += size;
  if (consumed_ == input_.size()) drop_input();
}

void Channel::drop_input() {
  input_.clear();
  consumed_ = 0;
}

Channel::State Channel::fill() {
  if (consumed_ > 0) {
    input_.erase(0, consumed_);
    consumed_ = 0;
  }
  if (handshaking_) {
    if (handshake() == State::Closed) return State::Closed;
    if (handshaking_) return State::Open;
  }
  return tls_ ? read_tls() : read_plain();
}

Channel::State Channel::read_plain() {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t count = recv(fd_.get(), read_buffer, sizeof read_buffer, 0);
    if (count == 0) {
      error_ = "the peer closed the connection";
      return State::Closed;
    }
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) return State::Open;
      error_ = std::strerror(errno);
      return State::Closed;
    }
    input_.append(read_buffer, static_cast<std::size_t>(count));
    if (static_cast<std::size_t>(count) < sizeof read_buffer) return State::Open;
  }
  return State::Open;
}

Channel::State Channel::read_tls() {
  // Until OpenSSL has nothing left: what it holds decrypted does not make the socket readable.
  while (true) {
    ERR_clear_error();
    const int count = SSL_read(tls_.get(), read_buffer, sizeof read_buffer);
    if (count <= 0) return tls_failed(count);
    input_.append(read_buffer, static_cast<std::size_t>(count));
  }
}

// What an SSL_* call that did not succeed means.
Channel::State Channel::tls_failed(int result) {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return State::Open;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      watch(EPOLLIN | EPOLLOUT);
      return State::Open;
    case SSL_ERROR_ZERO_RETURN:
      error_ = "the peer closed the TLS connection";
      return State::Closed;
    default: {
      char text[256] = "the peer closed the connection within TLS";
      if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
      error_ = text;
      return State::Closed;
    }
  }
}

void Channel::start_tls(ssl_ctx_st& context, bool server) {
  tls_.reset(SSL_new(&context));
  CHECK(tls_ != nullptr && SSL_set_fd(tls_.get(), fd_.get()) == 1);
  if (server) {
    SSL_set_accept_state(tls_.get());
  } else {
    SSL_set_connect_state(tls_.get());
  }
  handshaking_ = true;
}

Channel::State Channel::handshake() {
  ERR_clear_error();
  wants_write_ = false;
  const int result = SSL_do_handshake(tls_.get());
  if (result == 1) {
    handshaking_ = false;
    return State::Open;
  }
  const State state = tls_failed(result);
  if (state == State::Closed) error_ = "TLS handshake: " + error_;
  return state;
}

Channel::State Channel::flush() {
  if (handshaking_) {
    if (handshake() == State::Closed) return State::Closed;
    if (handshaking_) {
      watch(wants_write_ ? EPOLLIN | EPOLLOUT : EPOLLIN);
      return State::Open;
    }
  }
  wants_write_ = false;
  const State state = write_some();
  watch(output_pending() || wants_write_ ? EPOLLIN | EPOLLOUT : EPOLLIN);
  return state;
}

void Channel::write_by_lines() {
  by_lines_ = true;
  set_no_delay(fd_.get(), false);
}

std::size_t Channel::next_write(std::string_view pending) const {
  const std::size_t end = by_lines_ ? pending.find('\n') : std::string_view::npos;
  return end == std::string_view::npos ? pending.size() : end + 1;
}

Channel::State Channel::write_some() {
  while (output_pending()) {
    const char* data = output_.data() + written_;
    const std::size_t size = next_write(std::string_view(output_).substr(written_));
    ssize_t count = 0;
    if (tls_) {
      ERR_clear_error();
      const int limit = static_cast<int>(std::min<std::size_t>(size, 1 << 20));
      count = SSL_write(tls_.get(), data, limit);
      if (count <= 0) return tls_failed(static_cast<int>(count));
    } else {
      count = send(fd_.get(), data, size, MSG_NOSIGNAL);
      if (count < 0) {
        if (errno == EAGAIN || errno == EINTR) return State::Open;
        error_ = std::strerror(errno);
        return State::Closed;
      }
    }
    written_ += static_cast<std::size_t>(count);
  }
  output_.clear();
  written_ = 0;
  return State::Open;
}

std::string Channel::tls_version() const { return tls() ? SSL_get_version(tls_.get()) : ""; }

std::string Channel::tls_cipher() const { return tls() ? SSL_get_cipher_name(tls_.get()) : ""; }

}  // namespace signpost::bench
