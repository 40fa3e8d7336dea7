#include "net/stream.h"

#include "base/alive.h"
#include "base/check.h"
#include "base/secret_string.h"
#include "net/poll.h"
#include "net/socket.h"
#include "net/tls_session.h"
#include "net/unix_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace signpost::net {

namespace {

// A phase goes forward only:
//
//   Connecting --connected--> Clear --start_tls--> Handshaking --done--> Secured
//        |                      |                       |                   |
//        +----------------------+----- any failure, or the peer's end ------+--> Over
//
// shut_down() is allowed in every phase (closing_); it takes effect in Clear or Secured, once all
// output is sent.
enum class Phase { Connecting, Clear, Handshaking, Secured, Over };

// How much one turn reads and discards while a stream closes, so that a peer that never stops
// sending cannot occupy the loop.
constexpr std::size_t kScratchSize = Stream::kMaxInput;

// A queue with more capacity than a usual message needs frees its memory when it runs empty.
constexpr std::size_t kKeptCapacity = 8192;
// From this many octets on a TLS record belongs to something large, and more are likely there.
constexpr std::size_t kBulkRecord = 4096;

// The buffer that all streams of this thread read into: a session that waits for its peer needs
// none.
std::span<char> scratch() {
  thread_local const std::unique_ptr<char[]> memory =
      std::make_unique_for_overwrite<char[]>(kScratchSize);
  return {memory.get(), kScratchSize};
}

SocketAddress address_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  if (ask(fd, reinterpret_cast<sockaddr*>(&native), &size) != 0) return {};
  return SocketAddress::from_native(native);
}

Failure cannot(const char* what, const SocketAddress& address) {
  return fail(Errc::Io, std::string("cannot ") + what + ' ' + address.text() + ": " +
                            std::generic_category().message(errno));
}

// Errors of connect(2) that are about this machine rather than the peer.
bool is_local_fault(int number) {
  constexpr std::array kLocal{EADDRNOTAVAIL, EADDRINUSE, EAFNOSUPPORT, ENETUNREACH,
                              EACCES,        EPERM,      ENOBUFS,      ENOMEM};
  return std::ranges::find(kLocal, number) != kLocal.end();
}

}  // namespace

struct Stream::Impl {
  Impl(Loop& loop, int fd, StreamHandler& handler, Phase phase);

  // The loop calls
  void on_ready(Poll::Events events);
  void on_deferred();

  // Stream's functions
  void flush();
  void resume_reading();
  void start_tls(std::unique_ptr<TlsSession> session);
  void shut_down();
  void fail_later(Error error);

  // Steps of a turn
  void finish_connecting();
  void continue_handshake();
  void read_turn();
  void write_turn();

  // Without calls to the handler
  std::optional<Error> read_some();
  void take(std::span<char> octets);
  std::optional<Error> read_clear();
  std::optional<Error> read_secured();
  std::optional<Error> discard();
  void write_some();
  void write_clear(ByteQueue& queue);
  void write_secured();
  void finish_writing();
  TlsSession::Status step_handshake();
  void hand_on_tickets();
  void acknowledge_input();
  void update_wants();
  bool reading_allowed() const { return closing_ || input_.size() < max_input_; }
  bool open() const { return phase_ == Phase::Clear || phase_ == Phase::Secured; }

  void end(const Error& error);

  enum Deferred : unsigned { kRead = 1, kWritable = 2, kFail = 4 };
  void schedule(Deferred what);

  Loop& loop_;
  StreamHandler& handler_;
  Phase phase_;
  Socket socket_;
  Poll poll_;  // after socket_, to be destroyed before it
  std::unique_ptr<TlsSession> tls_;
  bool secured_ = false;
  bool acknowledges_ = false;  // at once
  ByteQueue input_;
  std::size_t max_input_ = kMaxInput;
  bool secrets_ = false;  // see expect_secrets()
  ByteQueue output_;
  ByteQueue clear_;  // queued before start_tls(): goes out in clear, before the handshake

  bool paused_ = false;            // input() is full, and OpenSSL may hold more
  bool write_blocked_ = false;     // the socket is full
  bool write_wants_read_ = false;  // OpenSSL cannot write before it has read, and the reverse
  bool read_wants_write_ = false;
  TlsSession::Status handshake_wants_ = TlsSession::Status::WantRead;

  bool closing_ = false;        // shut_down() was called
  bool output_ended_ = false;   // FIN is sent
  bool input_ended_ = false;    // the peer has sent its FIN or close_notify
  std::optional<Error> fault_;  // found where calling the handler is not allowed

  unsigned scheduled_ = 0;
  Alive alive_;  // for deferred calls
  mutable std::optional<SocketAddress> peer_;
};

Stream::Impl::Impl(Loop& loop, int fd, StreamHandler& handler, Phase phase)
    : loop_(loop),
      handler_(handler),
      phase_(phase),
      socket_(fd),
      poll_(loop, fd, [this](Poll::Events events) { on_ready(events); }) {
  update_wants();
}

void Stream::Impl::on_ready(Poll::Events events) {
  if (fault_) return;  // the deferred call is under way
  if (events.readable) socket_.set_readable(true);
  if (events.writable) socket_.set_writable();
  if (phase_ == Phase::Connecting) {
    finish_connecting();
  } else if (phase_ == Phase::Handshaking) {
    continue_handshake();
  } else {
    if (open() && (events.writable || write_wants_read_)) write_turn();
    if (open() && (events.readable || read_wants_write_)) read_turn();
  }
  update_wants();
}

void Stream::Impl::on_deferred() {
  const unsigned what = std::exchange(scheduled_, 0);
  if (phase_ == Phase::Over) return;
  if ((what & kFail) != 0) {
    // What the peer sent before it closed may give its reason, and is still in the socket.
    if (open() && !input_ended_ && !output_ended_) {
      socket_.set_readable(true);
      read_turn();
    }
    if (phase_ != Phase::Over) end(*fault_);
    return;
  }
  if ((what & kRead) != 0 && open()) read_turn();
  if ((what & kWritable) != 0 && open() && !closing_) handler_.on_writable();
  update_wants();
}

void Stream::Impl::schedule(Deferred what) {
  if (std::exchange(scheduled_, scheduled_ | what) != 0) return;
  loop_.defer(alive_.guard([this] { on_deferred(); }));
}

void Stream::Impl::fail_later(Error error) {
  if (fault_ || phase_ == Phase::Over) return;
  fault_ = std::move(error);
  update_wants();
  schedule(kFail);
}

void Stream::Impl::end(const Error& error) {
  phase_ = Phase::Over;
  poll_.want({});
  handler_.on_closed(error);
}

void Stream::Impl::finish_connecting() {
  int number = 0;
  socklen_t size = sizeof number;
  ::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &number, &size);
  if (number != 0) {
    Error error = socket_error(number);
    error.detail = "cannot connect: " + error.detail;
    end(error);
    return;
  }
  phase_ = Phase::Clear;
  if (!closing_) handler_.on_connected();
  if (open()) write_turn();
}

void Stream::Impl::continue_handshake() {
  if (fault_) return;
  switch (step_handshake()) {
    case TlsSession::Status::WantRead:
      return acknowledge_input();
    case TlsSession::Status::WantWrite:
      return;
    case TlsSession::Status::Ended:
      end({Errc::PeerClosed, "closed by the peer during the TLS handshake"});
      return;
    case TlsSession::Status::Failed: {
      Error error = tls_->error();
      error.detail = "TLS handshake failed: " + error.detail;
      end(error);
      return;
    }
    case TlsSession::Status::Done:
      break;
  }
  phase_ = Phase::Secured;
  secured_ = true;
  // Not before: a handshake has no secrets of the application's, and each record costs OpenSSL
  // the clearing of 16 KiB.
  tls_->cleanse_input(secrets_);
  if (!closing_) handler_.on_secured(tls_->facts());
  hand_on_tickets();
  write_turn();
  acknowledge_input();
  if (phase_ == Phase::Secured && tls_->has_pending()) read_turn();
}

void Stream::Impl::hand_on_tickets() {
  if (!tls_ || !tls_->is_client()) return;
  for (const TlsTicket& ticket : tls_->take_tickets()) {
    if (!closing_) handler_.on_ticket(ticket);
  }
}

void Stream::Impl::acknowledge_input() {
  if (acknowledges_ && phase_ != Phase::Over) socket_.acknowledge();
}

// Output that was queued in clear goes first: the server's 220, the client's STARTTLS.
TlsSession::Status Stream::Impl::step_handshake() {
  if (!clear_.empty()) {
    write_clear(clear_);
    handshake_wants_ = TlsSession::Status::WantWrite;
    if (!clear_.empty() || fault_) return handshake_wants_;
  }
  handshake_wants_ = tls_->handshake();
  return handshake_wants_;
}

void Stream::Impl::read_turn() {
  const std::size_t before = input_.size();
  const std::optional<Error> error = read_some();
  const std::size_t grown = input_.size() - before;
  hand_on_tickets();
  if (grown != 0 && !closing_) {
    handler_.on_input();
    if (grown > kKeptCapacity) input_.release();
  }
  acknowledge_input();
  if (!error) return;
  input_ended_ = true;
  if (error->code == Errc::PeerClosed && !fault_) {
    // A peer that has closed its half may still wait for our output.
    if (closing_ && !output_ended_) return;
    if (!closing_ && handler_.on_input_ended()) return;
  }
  end(*error);
}

void Stream::Impl::write_turn() {
  const std::size_t before = output_.size();
  write_some();
  if (fault_ || closing_) return;
  if (before >= kLowWater && output_.size() < kLowWater) handler_.on_writable();
}

std::optional<Error> Stream::Impl::read_some() {
  if (input_ended_) return {};
  if (output_ended_) return discard();
  return phase_ == Phase::Secured ? read_secured() : read_clear();
}

// The scratch space outlives the session: no password may stay in it.
void Stream::Impl::take(std::span<char> octets) {
  input_.append({octets.data(), octets.size()});
  if (secrets_) wipe(octets);
}

std::optional<Error> Stream::Impl::read_clear() {
  if (closing_) return discard();
  if (!reading_allowed()) return {};
  const std::span<char> room = scratch().first(max_input_ - input_.size());
  const Socket::Outcome outcome = socket_.read(room);
  switch (outcome.status) {
    case Socket::Status::Done:
      take(room.first(outcome.size));
      return {};
    case Socket::Status::Blocked:
      return {};
    case Socket::Status::Ended:
      return Error{Errc::PeerClosed, "closed by the peer"};
    case Socket::Status::Failed:
      return socket_error(outcome.number);
  }
  return {};
}

std::optional<Error> Stream::Impl::read_secured() {
  read_wants_write_ = false;
  std::size_t thrown_away = 0;
  for (;;) {
    if (!reading_allowed()) {
      paused_ = true;
      return {};
    }
    if (thrown_away >= kScratchSize) {
      if (tls_->has_pending()) schedule(kRead);
      return {};
    }
    const std::span<char> room = scratch();
    const TlsSession::Outcome outcome = tls_->read(room);
    switch (outcome.status) {
      case TlsSession::Status::Done:
        if (closing_) {
          thrown_away += outcome.size;
        } else {
          take(room.first(outcome.size));
        }
        // A short record is most often the last one. Asking once more costs a system call, and
        // OpenSSL a buffer of 16 KiB; later data makes the socket readable.
        if (outcome.size < kBulkRecord && !tls_->has_pending()) return {};
        continue;
      case TlsSession::Status::WantRead:
        return {};
      case TlsSession::Status::WantWrite:
        read_wants_write_ = true;
        return {};
      case TlsSession::Status::Ended:
        return Error{Errc::PeerClosed, "closed by the peer"};
      case TlsSession::Status::Failed:
        return tls_->error();
    }
  }
}

std::optional<Error> Stream::Impl::discard() {
  const Socket::Outcome outcome = socket_.read(scratch());
  switch (outcome.status) {
    case Socket::Status::Done:
    case Socket::Status::Blocked:
      return {};
    case Socket::Status::Ended:
      return Error{Errc::PeerClosed, "closed"};
    case Socket::Status::Failed:
      return socket_error(outcome.number);
  }
  return {};
}

void Stream::Impl::write_some() {
  if (fault_ || output_ended_) return;
  if (!output_.empty()) {
    const bool bulk = output_.size() > kKeptCapacity;
    if (phase_ == Phase::Secured) {
      write_secured();
    } else {
      write_clear(output_);
    }
    if (bulk) output_.release();
  }
  if (closing_ && output_.empty() && !fault_) finish_writing();
}

void Stream::Impl::write_clear(ByteQueue& queue) {
  const Socket::Outcome outcome = socket_.write(queue.view());
  if (outcome.status == Socket::Status::Failed) {
    fail_later(socket_error(outcome.number));
    return;
  }
  queue.consume(outcome.size);
  write_blocked_ = !queue.empty();
}

void Stream::Impl::write_secured() {
  write_blocked_ = false;
  write_wants_read_ = false;
  while (!output_.empty()) {
    const TlsSession::Outcome outcome = tls_->write(output_.view());
    switch (outcome.status) {
      case TlsSession::Status::Done:
        output_.consume(outcome.size);
        continue;
      case TlsSession::Status::WantWrite:
        write_blocked_ = true;
        return;
      case TlsSession::Status::WantRead:
        write_wants_read_ = true;
        return;
      case TlsSession::Status::Ended:
        fail_later({Errc::PeerClosed, "closed by the peer"});
        return;
      case TlsSession::Status::Failed:
        fail_later(tls_->error());
        return;
    }
  }
}

void Stream::Impl::finish_writing() {
  if (phase_ == Phase::Secured && tls_->send_close_notify() == TlsSession::Status::WantWrite) {
    write_blocked_ = true;
    return;
  }
  write_blocked_ = false;
  socket_.end_output();
  output_ended_ = true;
  if (input_ended_) fail_later({Errc::PeerClosed, "closed"});
}

void Stream::Impl::update_wants() {
  using enum TlsSession::Status;
  Poll::Events wants;
  switch (phase_) {
    case Phase::Connecting:
      wants.writable = true;
      break;
    case Phase::Handshaking:
      wants.readable = handshake_wants_ == WantRead;
      wants.writable = handshake_wants_ == WantWrite;
      break;
    case Phase::Clear:
    case Phase::Secured:
      wants.readable = !input_ended_ && reading_allowed();
      wants.writable = write_blocked_ || read_wants_write_;
      break;
    case Phase::Over:
      break;
  }
  poll_.want(fault_ ? Poll::Events{} : wants);
}

void Stream::Impl::flush() {
  if (!open()) return;
  const std::size_t before = output_.size();
  write_some();
  // The owner may have stopped appending because too much was unsent: on_writable() is due even
  // when the socket took everything at once.
  if (before >= kLowWater && output_.size() < kLowWater) schedule(kWritable);
  update_wants();
}

void Stream::Impl::resume_reading() {
  if (!open() || !reading_allowed()) return;
  // Bytes that OpenSSL holds do not make the socket readable.
  if (std::exchange(paused_, false) && tls_->has_pending()) schedule(kRead);
  update_wants();
}

void Stream::Impl::start_tls(std::unique_ptr<TlsSession> session) {
  if (phase_ == Phase::Over || fault_ || closing_) return;
  CHECK(phase_ == Phase::Clear);
  if (!session) {
    fail_later({Errc::Unavailable, "TLS: out of memory"});
    return;
  }
  tls_ = std::move(session);
  phase_ = Phase::Handshaking;
  input_.clear();
  std::swap(output_, clear_);
  // Does not read from the socket: the handshake can then neither finish nor fail because of what
  // the peer has sent, while calling the handler is forbidden.
  socket_.set_readable(false);
  if (!clear_.empty() || tls_->is_client()) {
    if (step_handshake() == TlsSession::Status::Failed) fail_later(tls_->error());
  }
  update_wants();
}

void Stream::Impl::shut_down() {
  if (closing_ || phase_ == Phase::Over) return;
  closing_ = true;
  if (!open()) return;
  write_some();
  update_wants();
}

Stream::Stream(Loop& loop, int fd, StreamHandler& handler)
    : impl_(std::make_unique<Impl>(loop, fd, handler, Phase::Clear)) {}

Result<std::unique_ptr<Stream>> Stream::connect(Loop& loop, const SocketAddress& to,
                                                const IpAddress* source, StreamHandler& handler) {
  if (source != nullptr && source->is_v6() != to.ip.is_v6()) {
    return fail(Errc::InvalidArgument,
                "cannot connect to " + to.text() + " from " + source->text());
  }
  sockaddr_storage native;
  const socklen_t size = to.to_native(native);
  const int fd = ::socket(native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return cannot("open a socket to", to);
  Socket socket(fd);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source != nullptr) {
    // Delays the choice of the port until the destination is known: about 28,000 connections from
    // one address to each destination, instead of to all of them together.
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const SocketAddress from{*source, 0};
    sockaddr_storage bound;
    const socklen_t bound_size = from.to_native(bound);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&bound), bound_size) != 0) {
      return cannot("send from", from);
    }
  }
  std::optional<Error> refused;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&native), size) != 0 &&
      errno != EINPROGRESS) {
    if (is_local_fault(errno)) return cannot("connect to", to);
    refused = socket_error(errno);
    refused->detail = "cannot connect: " + refused->detail;
  }
  auto impl = std::make_unique<Impl>(loop, socket.release(), handler, Phase::Connecting);
  impl->peer_ = to;
  if (refused) impl->fail_later(std::move(*refused));
  return std::unique_ptr<Stream>(new Stream(std::move(impl)));
}

Result<std::unique_ptr<Stream>> Stream::connect_local(Loop& loop, const std::string& path,
                                                      StreamHandler& handler) {
  const auto to = UnixAddress::of(path);
  if (!to) return Failure(to.error());
  sockaddr_storage native{};
  const socklen_t size = to->to_native(native);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Failure(socket_error(errno));
  Socket socket(fd);
  // It is connected at once or not at all: there is no waiting for a full backlog (EAGAIN).
  std::optional<Error> refused;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&native), size) != 0) {
    refused = socket_error(errno);
    refused->detail = "cannot connect: " + refused->detail;
  }
  auto impl = std::make_unique<Impl>(loop, socket.release(), handler, Phase::Connecting);
  if (refused) impl->fail_later(std::move(*refused));
  return std::unique_ptr<Stream>(new Stream(std::move(impl)));
}

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::~Stream() = default;

ByteQueue& Stream::input() { return impl_->input_; }
void Stream::limit_input(std::size_t octets) {
  CHECK(octets > 0 && octets <= kMaxInput);
  impl_->max_input_ = octets;
}
void Stream::expect_secrets(bool expected) {
  impl_->secrets_ = expected;
  if (impl_->secured_) impl_->tls_->cleanse_input(expected);
}
void Stream::acknowledge_at_once(bool on) { impl_->acknowledges_ = on; }
void Stream::resume_reading() { impl_->resume_reading(); }
ByteQueue& Stream::output() { return impl_->output_; }
void Stream::flush() { impl_->flush(); }
std::size_t Stream::unsent() const { return impl_->output_.size() + impl_->clear_.size(); }

void Stream::start_tls_server(const TlsServerContext& context) {
  impl_->start_tls(TlsSession::server(context, impl_->socket_));
}

void Stream::start_tls_client(const TlsClientContext& context, const TlsExpectation& expected,
                              const TlsTicket* resumed) {
  impl_->start_tls(TlsSession::client(context, impl_->socket_, expected, resumed));
}

bool Stream::secured() const { return impl_->secured_; }
ChannelBinding Stream::channel_binding() const { return impl_->tls_->channel_binding(); }
void Stream::shut_down() { impl_->shut_down(); }

SocketAddress Stream::peer() const {
  if (!impl_->peer_) impl_->peer_ = address_of(impl_->socket_.fd(), ::getpeername);
  return *impl_->peer_;
}

SocketAddress Stream::local() const { return address_of(impl_->socket_.fd(), ::getsockname); }

}  // namespace signpost::net
