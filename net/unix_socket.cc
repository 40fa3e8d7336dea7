#include "net/unix_socket.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace signpost::net {

namespace {

constexpr int kBacklog = 4096;

Failure failed(const std::string& path, const char* call) {
  return fail(Errc::Io, path + ": " + call + ": " + std::generic_category().message(errno));
}

int connect_error(const UnixAddress& address) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  sockaddr_storage native;
  const socklen_t size = address.to_native(native);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&native), size) == 0) return 0;
  return errno == EAGAIN ? 0 : errno;
}

// Clears the way for a new socket at `path`.
Result<void> remove_stale(const std::string& path, const UnixAddress& address) {
  struct stat found{};
  if (::lstat(address.path().c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return failed(path, "stat");
  }
  if (!S_ISSOCK(found.st_mode)) {
    return fail(Errc::Io, path + " exists and is not a socket; remove it, or name another path");
  }
  const int error = connect_error(address);
  if (error == 0)
    return fail(Errc::Io, path + ": another process, perhaps a Signpost, listens there");
  if (error != ECONNREFUSED) {
    errno = error;
    return failed(path, "connect");
  }
  if (::unlink(address.path().c_str()) != 0 && errno != ENOENT) return failed(path, "unlink");
  return {};
}

}  // namespace

Result<UnixAddress> UnixAddress::of(const std::string& path) {
  UnixAddress address;
  if (path.size() < sizeof(sockaddr_un::sun_path)) {
    address.path_ = path;
    return address;
  }
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return fail(Errc::InvalidArgument, path + ": too long a name");
  address.folder_ =
      Descriptor(::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!address.folder_) return failed(path, "open");
  address.path_ =
      "/proc/self/fd/" + std::to_string(address.folder_.get()) + "/" + path.substr(slash + 1);
  if (address.path_.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Errc::InvalidArgument, path + ": too long a name");
  }
  return address;
}

socklen_t UnixAddress::to_native(sockaddr_storage& native) const {
  auto& address = reinterpret_cast<sockaddr_un&>(native);
  std::memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size());
  return sizeof address;
}

int try_unix_socket(const std::string& path) {
  errno = ENAMETOOLONG;
  const auto address = UnixAddress::of(path);
  return address ? connect_error(*address) : errno;
}

UnixListener::UnixListener(UnixAddress address, Descriptor socket)
    : address_(std::move(address)), socket_(std::move(socket)) {}

UnixListener::UnixListener(UnixListener&& other) noexcept
    : address_(std::move(other.address_)),
      socket_(std::move(other.socket_)),
      has_file_(std::exchange(other.has_file_, false)),
      device_(other.device_),
      inode_(other.inode_) {}

Result<UnixListener> UnixListener::open(const std::string& path, mode_t mode) {
  auto address = UnixAddress::of(path);
  if (!address) return Failure(std::move(address).error());
  if (auto cleared = remove_stale(path, *address); !cleared) return Failure(cleared.error());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return failed(path, "socket");
  sockaddr_storage native;
  const socklen_t size = address->to_native(native);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&native), size) != 0) {
    return failed(path, "bind");
  }
  UnixListener listener(std::move(*address), std::move(socket));
  const char* file = listener.address_.path().c_str();
  struct stat made{};
  if (::lstat(file, &made) != 0) return failed(path, "stat");
  listener.has_file_ = true;
  listener.device_ = made.st_dev;
  listener.inode_ = made.st_ino;
  if (::chmod(file, mode) != 0) return failed(path, "chmod");
  if (::listen(listener.fd(), kBacklog) != 0) return failed(path, "listen");
  return listener;
}

Result<Descriptor> UnixListener::share() const {
  Descriptor other(::fcntl(fd(), F_DUPFD_CLOEXEC, 0));
  if (!other) return failed(address_.path(), "fcntl");
  return other;
}

UnixListener::~UnixListener() {
  if (!has_file_) return;
  struct stat found{};
  const char* file = address_.path().c_str();
  if (::lstat(file, &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) {
    ::unlink(file);
  }
}

std::optional<PeerCredentials> peer_credentials(int fd) {
  ucred given{};
  socklen_t size = sizeof given;
  int domain = 0;
  socklen_t domain_size = sizeof domain;
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) != 0 || domain != AF_UNIX ||
      ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &given, &size) != 0) {
    return std::nullopt;
  }
  return PeerCredentials{given.uid, given.gid, given.pid};
}

}  // namespace signpost::net
