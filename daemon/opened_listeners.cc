#include "daemon/opened_listeners.h"

#include "net/listener.h"
#include "relay/events.h"

#include <algorithm>
#include <utility>

namespace signpost::daemon {

namespace {

bool collide(const net::SocketAddress& one, const net::SocketAddress& other) {
  return one.port == other.port && one.ip.is_v6() == other.ip.is_v6() &&
         (one.ip == other.ip || one.ip.is_unspecified() || other.ip.is_unspecified());
}

}  // namespace

Result<OpenedListeners> open_listeners(const std::vector<config::ListenerConfig>& listeners,
                                       const std::vector<config::ListenerConfig>& closing,
                                       InheritedSockets& inherited, std::size_t workers) {
  OpenedListeners opened{.sockets = std::vector<Worker::Sockets>(workers), .all = {}};
  for (const config::ListenerConfig& listener : listeners) {
    auto sockets = inherited.copies(listener.bind.text(), workers);
    if (!sockets) return Failure(std::move(sockets).error());
    const bool is_inherited = !sockets->empty();
    if (!is_inherited) {
      const bool beside_own = std::ranges::any_of(
          closing, [&](const auto& old) { return collide(old.bind, listener.bind); });
      sockets = net::open_listening_sockets(listener.bind, workers,
                                            beside_own ? net::Beside::Own : net::Beside::Nobody);
    }
    if (!sockets) return Failure(std::move(sockets).error());
    opened.all.push_back({listener.name, net::families_of(sockets->front().get()), is_inherited});
    for (std::size_t i = 0; i < workers; ++i) {
      opened.sockets[i][listener.name] = {.descriptor = std::move((*sockets)[i]),
                                          .outlives_us = is_inherited};
    }
  }
  return opened;
}

void OpenedListeners::log() const {
  for (const One& one : all) {
    log::emit(relay::events::Listening{
        .bind = one.bind, .family = one.families, .inherited = one.inherited});
  }
}

}  // namespace signpost::daemon
