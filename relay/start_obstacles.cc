#include "relay/start_obstacles.h"

#include "net/listener.h"
#include "net/unix_socket.h"
#include "relay/disk_space.h"

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <system_error>

namespace signpost::relay {

namespace {

namespace fs = std::filesystem;

// The folder that a missing one would be made in.
fs::path nearest_existing(fs::path path) {
  std::error_code error;
  while (path.has_relative_path() && !fs::exists(path, error)) path = path.parent_path();
  return path;
}

}  // namespace

std::vector<config::ConfigError> disk_obstacles(const config::Config& config) {
  const std::string what = disk_shortage(nearest_existing(config.data_dir).string(), config.limits);
  if (what.empty()) return {};
  return {config::error_at(config, "limits.disk_free", what)};
}

std::vector<config::ConfigError> port_obstacles(const config::Config& config) {
  std::vector<config::ConfigError> found;
  bool is_running = !config.admin_socket.empty() && net::try_unix_socket(config.admin_socket) == 0;
  const auto judge = [&](std::string_view key, const net::SocketAddress& address,
                         std::size_t table) {
    const net::PortUse use = net::port_use(address);
    is_running = is_running || use == net::PortUse::Own;
    if (use != net::PortUse::Others) return;
    found.push_back(config::error_at(
        config, key,
        fmt::format(
            "{} is in use by another program, by a Signpost of another account, or by systemd "
            "in the relay's place (signpost.socket): unless it is the last, serve cannot "
            "start before it is free",
            address.text()),
        table));
  };
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const std::string& socket = config.listeners[i].socket;
    if (std::error_code error;
        !socket.empty() && fs::exists(socket, error) && !fs::is_socket(socket, error)) {
      found.push_back(config::error_at(
          config, "listener.bind",
          fmt::format("{} exists and is not a socket; remove it, or name another path", socket),
          i));
    }
    if (config.listeners[i].bind.port != 0) judge("listener.bind", config.listeners[i].bind, i);
  }
  // The relay does not share that one, not even with itself.
  if (config.admin_bind && !is_running) judge("admin.bind", *config.admin_bind, 0);
  return found;
}

}  // namespace signpost::relay
