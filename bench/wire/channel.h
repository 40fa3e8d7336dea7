// One TCP connection with buffers, before and after STARTTLS.
#pragma once

#include "base/descriptor.h"
#include "bench/wire/poller.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace signpost::bench {

// Belongs to the thread of its poller. Level-triggered: call fill() when readable, flush() when
// writable and after output() has grown.
class Channel {
 public:
  enum class State { Open, Closed };  // Closed: by the peer, or an error that error() names

  Channel(Poller& poller, Descriptor fd, Handler& handler, std::uint32_t events);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Reads what there is, up to a bound. While TLS is being set up: continues the handshake.
  State fill();
  // Everything read and not consumed; valid until the next call of a member.
  std::string_view input() const { return std::string_view(input_).substr(consumed_); }
  void consume(std::size_t size);
  void drop_input();

  std::string& output() { return output_; }
  // Each line has a system call, or a TLS record, of its own, and the kernel's wish to fill a
  // segment (Nagle's algorithm) is respected, as by clients that know nothing of either.
  void write_by_lines();
  bool output_pending() const { return written_ < output_.size(); }
  State flush();

  // The handshake begins with the next fill() or flush(). Unread clear text is for the caller to
  // judge.
  void start_tls(ssl_ctx_st& context, bool server);
  bool handshaking() const { return handshaking_; }
  bool tls() const { return tls_ != nullptr && !handshaking_; }
  std::string tls_version() const;
  std::string tls_cipher() const;

  const std::string& error() const { return error_; }
  int fd() const { return fd_.get(); }

 private:
  struct FreeTls {
    void operator()(ssl_st* tls) const;
  };

  State read_plain();
  State read_tls();
  State handshake();
  State write_some();
  std::size_t next_write(std::string_view pending) const;
  State tls_failed(int result);
  void watch(std::uint32_t events);

  Poller& poller_;
  Descriptor fd_;
  Handler& handler_;
  std::unique_ptr<ssl_st, FreeTls> tls_;
  bool handshaking_ = false;
  bool wants_write_ = false;
  bool by_lines_ = false;
  std::uint32_t watched_;
  std::string input_;
  std::size_t consumed_ = 0;
  std::string output_;
  std::size_t written_ = 0;
  std::string error_;
};

}  // namespace signpost::bench
