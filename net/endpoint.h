// Where to listen or to connect to: an Internet address with a port, or a socket in the file
// system.
#pragma once

#include "net/address.h"

#include <sys/socket.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace signpost::net {

class Endpoint {
 public:
  // What the kernel has room for, without the NUL at the end.
  static constexpr std::size_t kMaxPath = 107;

  Endpoint(const SocketAddress& address) : where_(address) {}

  // "192.0.2.1:25", "[2001:db8::1]:25", "unix:/run/signpost/submit"; without a port only if
  // `default_port` is given. A path is absolute, at most kMaxPath octets, and printable ASCII.
  static std::optional<Endpoint> parse(std::string_view text,
                                       std::optional<std::uint16_t> default_port = {});
  std::string text() const;  // what parse() reads

  bool is_unix() const { return std::holds_alternative<std::string>(where_); }
  const SocketAddress& address() const;  // REQUIRES: !is_unix()
  const std::string& path() const;       // REQUIRES: is_unix()

  socklen_t to_native(sockaddr_storage& native) const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;

 private:
  explicit Endpoint(std::string path) : where_(std::move(path)) {}

  std::variant<SocketAddress, std::string> where_;  // the string: a path
};

}  // namespace signpost::net
