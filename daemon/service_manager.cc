#include "daemon/service_manager.h"

#include "base/descriptor.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace signpost::daemon {

void notify_service_manager(std::string_view state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || (name[0] != '/' && name[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(name);
  if (length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return;
  // The relay serves even if the service manager cannot be reached or does not read.
  (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

bool stderr_is_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat facts{};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &facts) != 0) return false;
  return stream == fmt::format("{}:{}", facts.st_dev, facts.st_ino);
}

bool watched_by_service_manager() {
  if (std::getenv("WATCHDOG_USEC") == nullptr) return false;
  const char* process = std::getenv("WATCHDOG_PID");
  return process == nullptr || std::to_string(::getpid()) == process;
}

}  // namespace signpost::daemon
