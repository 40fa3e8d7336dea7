#include "net/address.h"

#include "base/ascii.h"
#include "base/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <tuple>

namespace signpost::net {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <typename Number>
std::optional<Number> parse_number(std::string_view text, std::size_t most_digits) {
  if (text.empty() || text.size() > most_digits || !ascii::is_digit(text[0])) return {};
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof buffer || text.contains('\0')) return {};
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  std::array<std::uint8_t, 4> v4;
  if (inet_pton(AF_INET, buffer, v4.data()) == 1) return from_v4(v4);
  std::array<std::uint8_t, 16> v6;
  if (inet_pton(AF_INET6, buffer, v6.data()) == 1) return from_v6(v6);
  return {};
}

IpAddress IpAddress::from_v4(const std::array<std::uint8_t, 4>& octets) {
  IpAddress address;
  std::ranges::copy(octets, address.octets_.begin());
  return address;
}

IpAddress IpAddress::from_v6(const std::array<std::uint8_t, 16>& octets) {
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets.begin())) {
    return from_v4({octets[12], octets[13], octets[14], octets[15]});
  }
  IpAddress address;
  address.kind_ = Kind::V6;
  address.octets_ = octets;
  return address;
}

IpAddress IpAddress::of_account(uid_t uid) {
  static_assert(sizeof uid <= std::tuple_size_v<decltype(octets_)>);
  IpAddress address;
  address.kind_ = Kind::Account;
  std::memcpy(address.octets_.data(), &uid, sizeof uid);
  return address;
}

std::optional<uid_t> IpAddress::account() const {
  if (kind_ != Kind::Account) return {};
  uid_t uid = 0;
  std::memcpy(&uid, octets_.data(), sizeof uid);
  return uid;
}

bool IpAddress::is_loopback() const {
  if (kind_ == Kind::V4) return octets_[0] == 127;
  return is_v6() && octets_[15] == 1 &&
         std::all_of(octets_.begin(), octets_.end() - 1,
                     [](std::uint8_t octet) { return octet == 0; });
}

bool IpAddress::is_unspecified() const {
  return kind_ != Kind::Account &&
         std::ranges::all_of(octets_, [](std::uint8_t octet) { return octet == 0; });
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer;
  if (const auto uid = account()) return "uid:" + std::to_string(*uid);
  if (is_v6()) {
    CHECK(inet_ntop(AF_INET6, octets_.data(), buffer.data(), buffer.size()) != nullptr);
    return buffer.data();
  }
  char* end = buffer.data();  // several times a message: without inet_ntop, which prints by format
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0) *end++ = '.';
    end = std::to_chars(end, buffer.data() + buffer.size(), octets_[i]).ptr;
  }
  return {buffer.data(), end};
}

IpAddress IpAddress::network(unsigned length) const {
  if (kind_ == Kind::Account) return *this;
  std::array<std::uint8_t, 16> octets = octets_;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const unsigned begin = static_cast<unsigned>(i) * 8;
    const unsigned kept = length <= begin ? 0 : std::min(8U, length - begin);
    octets[i] = static_cast<std::uint8_t>(octets[i] & (0xff00U >> kept));
  }
  if (is_v6()) return from_v6(octets);
  return from_v4({octets[0], octets[1], octets[2], octets[3]});
}

IpAddress IpAddress::client_prefix() const { return is_v6() ? network(64) : *this; }

std::optional<SocketAddress> SocketAddress::parse(std::string_view text,
                                                  std::optional<std::uint16_t> default_port) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {};
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!host.contains(':')) return {};  // brackets are for IPv6 only
    if (!port.empty()) {
      if (!port.starts_with(':')) return {};
      port.remove_prefix(1);
      has_port = true;
    }
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  const auto ip = IpAddress::parse(host);
  const auto number = has_port ? parse_number<std::uint16_t>(port, 5) : default_port;
  if (!ip || !number) return {};
  return SocketAddress{*ip, *number};
}

SocketAddress SocketAddress::from_native(const sockaddr_storage& native) {
  SocketAddress address;
  if (native.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &native, sizeof v4);
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &v4.sin_addr, octets.size());
    address.ip = IpAddress::from_v4(octets);
    address.port = ntohs(v4.sin_port);
  } else if (native.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &native, sizeof v6);
    std::array<std::uint8_t, 16> octets;
    std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
    address.ip = IpAddress::from_v6(octets);
    address.port = ntohs(v6.sin6_port);
  }
  return address;
}

socklen_t SocketAddress::to_native(sockaddr_storage& native) const {
  CHECK(!ip.account());
  native = {};
  if (ip.is_v6()) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, ip.octets().data(), 16);
    std::memcpy(&native, &v6, sizeof v6);
    return sizeof v6;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  std::memcpy(&v4.sin_addr, ip.octets().data(), 4);
  std::memcpy(&native, &v4, sizeof v4);
  return sizeof v4;
}

std::string SocketAddress::text() const {
  if (ip.account()) return ip.text();
  const std::string number = std::to_string(port);
  return ip.is_v6() ? "[" + ip.text() + "]:" + number : ip.text() + ":" + number;
}

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto ip = IpAddress::parse(host);
  if (!ip) return {};
  // An IPv4 address written as IPv6 counts its prefix from the IPv6 end.
  const bool written_as_v6 = host.contains(':');
  unsigned length = written_as_v6 ? 128 : 32;
  if (slash != std::string_view::npos) {
    const auto number = parse_number<unsigned>(text.substr(slash + 1), 3);
    if (!number || *number > length) return {};
    length = *number;
  }
  if (written_as_v6 && !ip->is_v6()) {
    if (length < 96) return {};
    length -= 96;
  }
  return Network{ip->network(length), length};
}

bool Network::contains(const IpAddress& address) const {
  return address.is_v6() == prefix.is_v6() && address.network(length) == prefix;
}

std::string Network::text() const { return prefix.text() + "/" + std::to_string(length); }

}  // namespace signpost::net

std::size_t std::hash<signpost::net::IpAddress>::operator()(
    const signpost::net::IpAddress& address) const noexcept {
  const auto& octets = address.octets();
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(octets.data()), octets.size()});
}
