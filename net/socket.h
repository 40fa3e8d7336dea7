// A stream's descriptor, with what is known about it without asking the kernel once more. Internal
// to net/.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace signpost::net {

// "connection reset by peer" and its kin, by errno.
Error socket_error(int number);

// Owns the descriptor. A read that brought less than it had room for has emptied the socket, and a
// write that took less than it was given has filled it: from then on both answer Blocked by
// themselves, until the loop reports the socket ready again. A turn thus costs one recv(2) and one
// send(2), none that only fetches EAGAIN.
class Socket {
 public:
  enum class Status { Done, Blocked, Ended, Failed };
  struct Outcome {
    Status status;
    std::size_t size = 0;  // with Done
    int number = 0;        // with Failed: errno
  };

  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }  // the caller's from now on
  Outcome read(std::span<char> into);
  Outcome write(std::string_view bytes);
  void end_output();  // FIN

  void set_readable(bool readable) { readable_ = readable; }
  void set_writable() { writable_ = true; }

 private:
  int fd_;
  bool readable_ = false;  // until the loop says so
  bool writable_ = true;   // until a write says otherwise
};

}  // namespace signpost::net
