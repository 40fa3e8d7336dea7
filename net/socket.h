// A stream's descriptor, with its readiness as far as that is known without another system call.
// Internal to net/.
#pragma once

#include "base/descriptor.h"
#include "base/result.h"

#include <cstddef>
#include <span>
#include <string_view>

namespace signpost::net {

// The error for an errno value, as in "connection reset by peer".
Error socket_error(int number);

// Owns the descriptor. A read that returns less than it has room for has emptied the socket, and a
// write that takes less than it is given has filled it: from then on both return Blocked without a
// system call, until the loop reports the socket ready again. A turn thus costs one recv(2) and one
// send(2), and none of them only returns EAGAIN.
class Socket {
 public:
  enum class Status { Done, Blocked, Ended, Failed };
  struct Outcome {
    Status status;
    std::size_t size = 0;  // with Done
    int number = 0;        // with Failed: errno
  };

  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_.get(); }
  int release() { return fd_.release(); }  // the caller's from now on
  Outcome read(std::span<char> into);
  Outcome write(std::string_view bytes);
  void end_output();  // FIN
  // Makes the kernel acknowledge what was read since the last write now; otherwise it waits up
  // to 40 ms for data to send along (RFC 9293 section 3.8.6.3).
  void acknowledge();

  void set_readable(bool readable) { readable_ = readable; }
  void set_writable() { writable_ = true; }

 private:
  Descriptor fd_;
  bool readable_ = false;  // until the loop says so
  bool writable_ = true;   // until a write says otherwise
  bool unacknowledged_ = false;
};

}  // namespace signpost::net
