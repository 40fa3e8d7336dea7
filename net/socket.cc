#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace signpost::net {

namespace {
// This much fills several segments, and the kernel acknowledges every second one by itself.
constexpr std::size_t kBulk = 16 << 10;
}  // namespace

Error socket_error(int number) {
  const std::string text = std::generic_category().message(number);
  if (number == ECONNRESET || number == EPIPE || number == ECONNREFUSED) {
    return {Errc::PeerClosed, text};
  }
  if (number == ETIMEDOUT) return {Errc::TimedOut, text};
  return {Errc::Io, text};
}

Socket::Outcome Socket::read(std::span<char> into) {
  if (!readable_) return {Status::Blocked};
  ssize_t got;
  do {
    got = ::recv(fd(), into.data(), into.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    readable_ = static_cast<std::size_t>(got) == into.size();
    unacknowledged_ = static_cast<std::size_t>(got) < kBulk;
    return {Status::Done, static_cast<std::size_t>(got)};
  }
  readable_ = false;
  if (got == 0) return {Status::Ended};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {Status::Blocked};
  return {Status::Failed, 0, errno};
}

Socket::Outcome Socket::write(std::string_view bytes) {
  if (!writable_) return {Status::Blocked};
  ssize_t sent;
  do {
    sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) {
    writable_ = static_cast<std::size_t>(sent) == bytes.size();
    unacknowledged_ = false;
    return {Status::Done, static_cast<std::size_t>(sent)};
  }
  writable_ = false;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {Status::Blocked};
  return {Status::Failed, 0, errno};
}

// The option does not last: the kernel delays acknowledgements again after the next send.
void Socket::acknowledge() {
  if (!std::exchange(unacknowledged_, false)) return;
  const int on = 1;
  ::setsockopt(fd(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void Socket::end_output() { ::shutdown(fd(), SHUT_WR); }

}  // namespace signpost::net
