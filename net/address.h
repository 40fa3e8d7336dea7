// Internet addresses, with and without a port, and networks. A client at a unix socket has the
// number of its account in place of an address.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::net {

// An IPv4 or IPv6 address, or an account of this machine, which is equal to no address and in no
// network. Keeps an IPv4 address mapped into IPv6 (::ffff:a.b.c.d) as IPv4.
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress from_v4(const std::array<std::uint8_t, 4>& octets);
  static IpAddress from_v6(const std::array<std::uint8_t, 16>& octets);
  static IpAddress of_account(uid_t uid);

  bool is_v6() const { return kind_ == Kind::V6; }
  std::optional<uid_t> account() const;
  bool is_loopback() const;
  bool is_unspecified() const;
  std::string text() const;  // "192.0.2.1", "2001:db8::1", "uid:33"
  const std::array<std::uint8_t, 16>& octets() const { return octets_; }  // IPv4: the first four
  // The address itself for IPv4, its /64 for IPv6: the unit of per-client limits.
  IpAddress client_prefix() const;
  IpAddress network(unsigned length) const;  // its first `length` bits, the others zero
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  enum class Kind : std::uint8_t { V4, V6, Account };

  Kind kind_ = Kind::V4;
  std::array<std::uint8_t, 16> octets_{};
};

struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  // "192.0.2.1:25", "[2001:db8::1]:25"; the port may be missing only if there is a `default_port`.
  static std::optional<SocketAddress> parse(std::string_view text,
                                            std::optional<std::uint16_t> default_port = {});
  static SocketAddress from_native(const sockaddr_storage& native);
  socklen_t to_native(sockaddr_storage& native) const;
  std::string text() const;  // of an account, the account alone
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

// "192.0.2.0/24", "2001:db8::/32", or a single address.
struct Network {
  IpAddress prefix;
  unsigned length = 32;

  static std::optional<Network> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  std::string text() const;
  friend bool operator==(const Network&, const Network&) = default;
};

}  // namespace signpost::net

template <>
struct std::hash<signpost::net::IpAddress> {
  std::size_t operator()(const signpost::net::IpAddress& address) const noexcept;
};
