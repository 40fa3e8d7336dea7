// How an operation reports that it failed: a value that cannot be dropped silently.
//
// Three kinds of trouble, three tools: a broken invariant is CHECK (check.h); an operation that
// failed is a Result; what a remote server decided is a value of its own (delivery/disposition.h).
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace signpost {

enum class Errc {
  InvalidArgument,  // the caller's or the operator's input is wrong; trying again will not help
  NotFound,
  Io,           // the operating system or a device failed
  Corrupt,      // stored bytes are not what was stored
  Unavailable,  // not now: full, busy, stopping
  TimedOut,
  PeerClosed,
  Protocol,  // the peer said something that the protocol does not allow
  TooOld,    // the peer has only versions of a protocol that are too old
};

struct Error {
  Errc code = Errc::Io;
  std::string detail;  // for the log and the operator, never for the peer
};

using Failure = std::unexpected<Error>;

inline Failure fail(Errc code, std::string detail) {
  return Failure(Error{code, std::move(detail)});
}

// std::expected, except that the compiler objects when a caller drops it: libstdc++ 12 does not
// mark its own class [[nodiscard]]. A deliberate drop is `(void)` with a reason beside it.
template <typename T>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using std::expected<T, Error>::expected;
};

}  // namespace signpost
