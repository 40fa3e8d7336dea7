#include "relay/start_obstacles.h"

#include "net/listener.h"
#include "relay/descriptor_budget.h"
#include "relay/disk_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
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

// The service's unit makes its own when it starts.
bool is_lacking(const fs::path& folder) {
  std::error_code error;
  return !folder.empty() && folder != "/run/signpost" && !fs::exists(folder, error);
}

enum class Holder : std::uint8_t { Ours, Another };

// Of an address that is in use by a relay of this account.
Holder holder_of(const config::ListenerConfig& listener, const RunningRelay& ours) {
  if (!ours.is_running) return Holder::Another;
  if (!ours.listeners) return Holder::Ours;
  return std::ranges::find(*ours.listeners, listener.name) == ours.listeners->end()
             ? Holder::Another
             : Holder::Ours;
}

// "": free, or in use by our relay. Ours may have the socket from systemd.
std::string_view in_use_text(net::PortUse use, Holder holder) {
  if (use == net::PortUse::Free || holder == Holder::Ours) return "";
  if (use == net::PortUse::Own) {
    return " is in use by another Signpost of this account, which has another data_dir: serve "
           "cannot start, nor a reload listen there, before it is free; stop that one, or write "
           "another address";
  }
  return " is in use by another program, by a Signpost of another account, or by systemd in the "
         "relay's place (signpost.socket): unless it is the last, serve cannot start before it is "
         "free";
}

}  // namespace

std::vector<config::ConfigError> disk_obstacles(const config::Config& config) {
  const std::string what = disk_shortage(nearest_existing(config.data_dir).string(), config.limits);
  if (what.empty()) return {};
  return {config::error_at(config, "limits.disk_free", what)};
}

std::vector<config::ConfigError> descriptor_obstacles(const config::Config& config) {
  const auto budget = share_descriptors(most_descriptors(), config);
  std::string what = descriptor_shortage(budget, config);
  if (what.empty()) return {};
  if (are_too_few(budget, config)) what.append("; serve cannot start with fewer");
  return {config::error_at(config, "limits.sessions", what)};
}

std::vector<config::ConfigError> port_obstacles(const config::Config& config,
                                                const RunningRelay& ours) {
  std::vector<config::ConfigError> found;
  const auto judge = [&](std::string_view key, const net::SocketAddress& address, std::size_t table,
                         Holder holder) {
    if (const auto what = in_use_text(net::port_use(address), holder); !what.empty()) {
      found.push_back(
          config::error_at(config, key, fmt::format("{}{}", address.text(), what), table));
    }
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
    if (const fs::path folder = fs::path(socket).parent_path(); is_lacking(folder)) {
      found.push_back(config::error_at(
          config, "listener.bind",
          fmt::format("there is no folder {} for the socket; serve cannot start before there is",
                      folder.string()),
          i));
    }
    if (config.listeners[i].bind.port == 0) continue;
    judge("listener.bind", config.listeners[i].bind, i, holder_of(config.listeners[i], ours));
  }
  if (config.admin_bind && !ours.is_running) {
    judge("admin.bind", *config.admin_bind, 0, Holder::Another);
  }
  return found;
}

}  // namespace signpost::relay
