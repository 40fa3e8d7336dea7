#include "submission/proxy_door.h"

#include "relay/events.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

namespace signpost::submission {

namespace {

// A balancer sends the header as soon as it is connected: time for one lost segment.
constexpr std::chrono::seconds kLimit{5};

Peer peer_of(net::ProxyHeader header, const net::SocketAddress& balancer) {
  if (!header.route) return {.client = balancer, .is_unknown = true};
  Peer peer{.client = header.route->client, .proxy = balancer};
  if (header.tls) peer.tls = std::make_shared<const net::ProxiedTls>(std::move(*header.tls));
  return peer;
}

}  // namespace

ProxyDoor::ProxyDoor(relay::Context& context, LineBudget& lines, OnPassed on_passed)
    : context_(context), lines_(lines), on_passed_(std::move(on_passed)) {}

void ProxyDoor::wait(const std::string& listener, std::uint64_t id, int fd,
                     const net::SocketAddress& balancer, SessionPlace place) {
  auto reader = std::make_unique<net::ProxyHeaderReader>(
      context_.loop, fd, kLimit,
      [this, id](Result<net::ProxyHeader> header) { header_read(id, std::move(header)); });
  waiting_.emplace(id, Waiting{listener, balancer, std::move(place), std::move(reader)});
}

// The reader's function is on the stack: it ends with its turn.
void ProxyDoor::header_read(std::uint64_t id, Result<net::ProxyHeader> header) {
  auto node = waiting_.extract(id);
  Waiting& waiting = node.mapped();
  waiting.place.release();
  if (header) {
    on_passed_(waiting.listener, id, waiting.reader->release(),
               peer_of(std::move(*header), waiting.balancer));
  } else {
    report(id, waiting.balancer, header.error());
  }
  context_.loop.defer([reader = std::move(waiting.reader)] {});
}

// A balancer that only connects, to see whether we listen, is nothing to report.
void ProxyDoor::report(std::uint64_t id, const net::SocketAddress& balancer, const Error& error) {
  if (error.code == Errc::PeerClosed && error.detail.empty()) return;
  if (!lines_.take()) return;
  const std::string session = fmt::format("{}.{}", context_.worker, id);
  const std::string proxy = balancer.text();
  context_.events.emit(relay::events::ProxyHeaderRefused{
      .session = session, .proxy = proxy, .detail = error.detail});
}

}  // namespace signpost::submission
