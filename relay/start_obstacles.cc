#include "relay/start_obstacles.h"

#include "net/listener.h"
#include "net/unix_socket.h"
#include "relay/disk_space.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace signpost::relay {

namespace {

namespace fs = std::filesystem;

std::string own_account() {
  const uid_t uid = ::geteuid();
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  (void)::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(uid) : found->pw_name;
}

// 0, or why not as errno has it.
int try_access(const fs::path& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
}

std::string problem(const fs::path& path, int error, const fs::path& owned) {
  const std::string cannot =
      fmt::format("{} cannot be used: {}", path.string(), std::generic_category().message(error));
  if (error != EACCES && error != EPERM) return cannot;
  return fmt::format("{} for the account {}; run chown -R {} {}", cannot, own_account(),
                     own_account(), owned.string());
}

// The folder that a missing one would be made in.
fs::path nearest_existing(fs::path path) {
  std::error_code error;
  while (path.has_relative_path() && !fs::exists(path, error)) path = path.parent_path();
  return path;
}

// 0, or why nothing can be made in `folder` as errno has it: rights alone do not tell of a file
// system that is mounted for reading only, or has files of its own, as /proc.
int try_making(const fs::path& folder) {
  std::string name = folder / ".signpost-check-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return errno;
  return ::rmdir(name.c_str()) == 0 ? 0 : errno;
}

// In words. ENOENT is the answer of /proc.
std::string reason(int error) {
  return error == ENOENT ? "its file system takes no files"
                         : std::generic_category().message(error);
}

// What was started as root once has left files that its account cannot use.
std::string problem_in(const fs::path& folder, const fs::path& owned) {
  constexpr std::size_t kMost = 10'000;
  std::size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && count < kMost;
       entry.increment(error), ++count) {
    if (const int why = try_access(entry->path(), R_OK | W_OK); why != 0 && why != ENOENT) {
      return problem(entry->path(), why, owned);
    }
  }
  return "";
}

std::string queue_problem(const fs::path& data_dir, bool makes_folder) {
  std::error_code error;
  if (!fs::exists(data_dir, error)) return makes_folder ? "" : folder_obstacle(data_dir);
  if (!fs::is_directory(data_dir, error)) return "";  // the loader says so
  for (const fs::path& folder : {data_dir, data_dir / "queue"}) {
    const int why = try_access(folder, R_OK | W_OK | X_OK);
    if (why == ENOENT) break;
    if (why != 0) return problem(folder, why, data_dir);
  }
  if (const int why = try_making(data_dir); why != 0) {
    return fmt::format("{} cannot be used: {}; write the path of a folder on a disk",
                       data_dir.string(), reason(why));
  }
  return problem_in(data_dir / "queue", data_dir);
}

}  // namespace

std::string folder_obstacle(const std::string& data_dir) {
  std::error_code error;
  if (fs::exists(data_dir, error)) return "";
  const fs::path parent = nearest_existing(data_dir);
  const int why = fs::is_directory(parent, error) ? try_making(parent) : ENOTDIR;
  if (why == 0) return "";
  return why == EACCES || why == EPERM
             ? fmt::format(
                   "{} does not exist and cannot be made: {}; make it, owned by the account {}",
                   data_dir, reason(why), own_account())
             : fmt::format(
                   "{} does not exist and cannot be made: {} (in {}); write the path of a folder "
                   "on a disk",
                   data_dir, reason(why), parent.string());
}

std::vector<config::ConfigError> disk_obstacles(const config::Config& config) {
  const std::string what = disk_shortage(nearest_existing(config.data_dir).string(), config.limits);
  if (what.empty()) return {};
  return {config::error_at(config, "limits.disk_free", what)};
}

std::vector<config::ConfigError> queue_obstacles(const config::Config& config, bool makes_folder) {
  const std::string what = queue_problem(config.data_dir, makes_folder);
  if (what.empty()) return {};
  return {config::error_at(config, "data_dir", what)};
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
