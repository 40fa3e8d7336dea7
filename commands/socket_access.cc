#include "commands/socket_access.h"

#include "net/unix_socket.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace signpost::commands {

namespace {

std::string account_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry == nullptr ? fmt::format("uid {}", uid) : entry->pw_name;
}

std::string group_name(gid_t gid) {
  const group* entry = ::getgrgid(gid);
  return entry == nullptr ? fmt::format("gid {}", gid) : entry->gr_name;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// Those whom the socket's mode admits, or, in a closed folder, its owner.
std::string who_may(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) == 0) {
    return fmt::format("{} and the members of group {} may use it", account_name(found.st_uid),
                       group_name(found.st_gid));
  }
  if (::stat(folder_of(path).c_str(), &found) == 0) {
    return fmt::format("{} may use it", account_name(found.st_uid));
  }
  return "root and the account of the relay may use it";
}

}  // namespace

std::optional<std::string> obstacle_at(const std::string& path, const std::string& config_file) {
  const int error = net::try_unix_socket(path);
  if (error == 0) return std::nullopt;
  const std::string socket = fmt::format("{} (admin.socket in {})", path, config_file);
  if (error == ENOENT || error == ECONNREFUSED) {
    return fmt::format(
        "no relay answers at {}: is it running? If admin.socket or data_dir has been changed since "
        "its start, restart it: it keeps the old one until then",
        socket);
  }
  const std::string reason = std::generic_category().message(error);
  if (error != EACCES) return fmt::format("{}: {}", socket, reason);
  return fmt::format("{}: {}: {}", socket, reason, who_may(path));
}

}  // namespace signpost::commands
