#include "daemon/inherited_sockets.h"

#include "net/address.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace signpost::daemon {

namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr int kMost = 1000;

std::string take_variable(const char* name) {
  const char* const value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return {};
  return number;
}

std::string take_name(std::string& names) {
  const std::size_t colon = std::min(names.find(':'), names.size());
  std::string name = names.substr(0, colon);
  names.erase(0, colon + 1);
  return name;
}

bool option_is(int fd, int option, int wanted) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

// "" for a family that we do not listen with.
std::string bound_to(int fd) {
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&native), &size) != 0) return "";
  if (native.ss_family == AF_INET || native.ss_family == AF_INET6) {
    return net::SocketAddress::from_native(native).text();
  }
  if (native.ss_family != AF_UNIX) return "";
  sockaddr_un local{};
  std::memcpy(&local, &native, sizeof local);
  return fmt::format("unix:{}", std::string_view(local.sun_path,
                                                 ::strnlen(local.sun_path, sizeof local.sun_path)));
}

}  // namespace

Result<InheritedSockets> InheritedSockets::take() {
  const std::string process = take_variable("LISTEN_PID");
  const std::string count = take_variable("LISTEN_FDS");
  std::string names = take_variable("LISTEN_FDNAMES");
  InheritedSockets taken;
  if (process != std::to_string(::getpid()) || count.empty()) return taken;
  const auto number = number_of(count);
  if (!number || *number > kMost) {
    return fail(Errc::InvalidArgument,
                fmt::format("LISTEN_FDS={} is not a number of sockets, such as 2", count));
  }
  for (int fd = kFirst; fd < kFirst + *number; ++fd) {
    Socket socket{.descriptor = Descriptor(fd), .where = bound_to(fd), .name = take_name(names)};
    if (socket.where.empty() || !option_is(fd, SO_TYPE, SOCK_STREAM) ||
        !option_is(fd, SO_ACCEPTCONN, 1)) {
      return fail(Errc::InvalidArgument,
                  fmt::format("descriptor {} ({}) from the service manager is not a listening "
                              "stream socket; write ListenStream= and Accept=no in its unit",
                              fd, socket.name));
    }
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    taken.sockets_.push_back(std::move(socket));
  }
  return taken;
}

Result<std::vector<Descriptor>> InheritedSockets::copies(const std::string& where,
                                                         std::size_t count) {
  std::vector<Descriptor> made;
  const auto found = std::ranges::find(sockets_, where, &Socket::where);
  if (found == sockets_.end()) return made;
  while (made.size() < count) {
    made.emplace_back(::fcntl(found->descriptor.get(), F_DUPFD_CLOEXEC, 0));
    if (!made.back()) {
      return fail(Errc::Io, fmt::format("cannot listen on {}: {}", where,
                                        std::generic_category().message(errno)));
    }
  }
  found->used = true;
  return made;
}

std::vector<std::string> InheritedSockets::unused() const {
  std::vector<std::string> texts;
  for (const Socket& socket : sockets_) {
    if (!socket.used) texts.push_back(fmt::format("{} ({})", socket.where, socket.name));
  }
  return texts;
}

}  // namespace signpost::daemon
