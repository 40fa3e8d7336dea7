// The sockets of listeners, before workers have them.
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "daemon/inherited_sockets.h"
#include "daemon/worker.h"
#include "net/unix_socket.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::daemon {

// By `bind` as written. Their files are removed with them.
using UnixListeners = std::map<std::string, net::UnixListener>;

struct OpenedListeners {
  struct One {
    std::string bind;
    std::string_view families;  // net::families_of()
    bool inherited = false;
  };
  std::vector<Worker::Sockets> sockets;  // one for each worker
  UnixListeners files;                   // of ours, not of the service manager
  std::vector<One> all;

  void log() const;  // a `listening` event for each
};

// With a socket of the service manager's where there is one for the address: then the workers share
// its connections. All or nothing. `closing`: listeners that make way for these.
Result<OpenedListeners> open_listeners(const std::vector<config::ListenerConfig>& listeners,
                                       const std::vector<config::ListenerConfig>& closing,
                                       InheritedSockets& inherited, std::size_t workers);

}  // namespace signpost::daemon
