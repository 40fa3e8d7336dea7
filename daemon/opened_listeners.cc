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

// The service manager's, if it has one for that place.
Result<std::vector<Descriptor>> inherited_for(const config::ListenerConfig& listener,
                                              InheritedSockets& inherited, std::size_t count) {
  return inherited.copies(
      listener.socket.empty() ? listener.bind.text() : "unix:" + listener.socket, count);
}

Result<std::vector<Descriptor>> open_file(const config::ListenerConfig& listener, std::size_t count,
                                          UnixListeners& files) {
  constexpr mode_t kForAll = 0666;  // allow_users decides, in words
  auto opened = net::UnixListener::open(listener.socket, kForAll);
  if (!opened) return Failure(std::move(opened).error());
  std::vector<Descriptor> shared;
  while (shared.size() < count) {
    auto one = opened->share();
    if (!one) return Failure(std::move(one).error());
    shared.push_back(std::move(*one));
  }
  files.emplace(listener.name, std::move(*opened));
  return shared;
}

}  // namespace

Result<OpenedListeners> open_listeners(const std::vector<config::ListenerConfig>& listeners,
                                       const std::vector<config::ListenerConfig>& closing,
                                       InheritedSockets& inherited, std::size_t workers) {
  OpenedListeners opened{.sockets = std::vector<Worker::Sockets>(workers), .files = {}, .all = {}};
  for (const config::ListenerConfig& listener : listeners) {
    auto sockets = inherited_for(listener, inherited, workers);
    if (!sockets) return Failure(std::move(sockets).error());
    const bool is_inherited = !sockets->empty();
    if (!is_inherited && !listener.socket.empty()) {
      sockets = open_file(listener, workers, opened.files);
    } else if (!is_inherited) {
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
