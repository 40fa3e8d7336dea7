#include "net/proxy_header_reader.h"

#include "net/socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace signpost::net {

ProxyHeaderReader::ProxyHeaderReader(Loop& loop, int fd, std::chrono::milliseconds limit,
                                     OnDone on_done)
    : fd_(fd),
      on_done_(std::move(on_done)),
      poll_(std::in_place, loop, fd, [this](Poll::Events) { read(); }),
      timer_(loop, [this] { end(fail(Errc::TimedOut, "no PROXY header in time")); }) {
  poll_->want({.readable = true});
  timer_.start(limit);
}

int ProxyHeaderReader::release() {
  poll_.reset();
  return fd_.release();
}

// What follows the header may be a TLS handshake: it stays in the socket, for whom it is meant. So
// octets are only looked at first. Those of a header that is incomplete are all its own, and are
// taken at once: otherwise they would keep the socket readable.
void ProxyHeaderReader::read() {
  std::array<char, kMostProxyHeader> space;
  const std::size_t had = header_.size();
  const ssize_t seen = ::recv(fd_.get(), space.data(), space.size() - had, MSG_PEEK);
  if (seen < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return;
    return end(Failure(socket_error(errno)));
  }
  if (seen == 0) {
    return end(fail(Errc::PeerClosed, header_.empty() ? "" : "closed within a PROXY header"));
  }
  header_.append(space.data(), static_cast<std::size_t>(seen));
  auto parsed = parse_proxy_header(header_);
  if (!parsed) return end(Failure(std::move(parsed).error()));
  const std::size_t own = *parsed ? (*parsed)->size - had : static_cast<std::size_t>(seen);
  if (::recv(fd_.get(), space.data(), own, 0) != static_cast<ssize_t>(own)) {
    return end(fail(Errc::Io, "a PROXY header that was there is gone"));
  }
  if (*parsed) end(std::move(**parsed));
}

void ProxyHeaderReader::end(Result<ProxyHeader> outcome) {
  poll_->want({});
  timer_.stop();
  on_done_(std::move(outcome));
}

}  // namespace signpost::net
