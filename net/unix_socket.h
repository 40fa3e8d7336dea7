// Unix sockets: where they are, who listens there, who connects.
#pragma once

#include "base/descriptor.h"
#include "base/result.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <optional>
#include <string>

namespace signpost::net {

// A socket's path in a form that fits into the 108 octets of a native address: a longer one goes
// through a descriptor of its folder. Usable while this object lives.
class UnixAddress {
 public:
  static Result<UnixAddress> of(const std::string& path);

  const std::string& path() const { return path_; }
  socklen_t to_native(sockaddr_storage& native) const;

 private:
  Descriptor folder_;  // empty: the path fits as it is
  std::string path_;
};

// Connects and closes again: 0, or the errno of the failure. A listener whose backlog is full
// counts as listening.
int try_unix_socket(const std::string& path);

// A listening socket and its file, which the destructor removes.
class UnixListener {
 public:
  // Non-blocking, owned by this process's account, with `mode` before anyone can connect. A file
  // that nobody listens on is replaced; one of a running process, or one that is not a socket,
  // is an error.
  static Result<UnixListener> open(const std::string& path, mode_t mode);
  UnixListener(UnixListener&& other) noexcept;
  UnixListener& operator=(UnixListener&&) = delete;
  ~UnixListener();

  int fd() const { return socket_.get(); }
  // Another descriptor of the same socket, for a loop that accepts from it too.
  Result<Descriptor> share() const;
  int release() { return socket_.release(); }  // the caller's from now on; the file stays ours

 private:
  UnixListener(UnixAddress address, Descriptor socket);

  UnixAddress address_;
  Descriptor socket_;
  bool has_file_ = false;  // device_ and inode_ say which: another one is not ours to remove
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// Who is at the other end, as the kernel recorded it when the connection was made.
struct PeerCredentials {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
};
std::optional<PeerCredentials> peer_credentials(int fd);  // nothing: not a unix socket

}  // namespace signpost::net
