#include "config/next_hop_url.h"

#include "base/ascii.h"
#include "config/toml_document.h"
#include "net/address.h"
#include "sasl/scram_hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace signpost::config {

namespace {

constexpr std::string_view kSocketPrefix = "lmtp:unix:";

struct Scheme {
  std::string_view prefix;
  HopProtocol protocol;
  std::uint16_t port;
};
constexpr std::array<Scheme, 3> kSchemes{{{"smtp://", HopProtocol::Smtp, 25},
                                          {"smtps://", HopProtocol::Smtps, 465},
                                          {"lmtp://", HopProtocol::Lmtp, 24}}};

std::unexpected<ValueError> wrong(std::string_view text, std::string_view what) {
  return std::unexpected(ValueError{fmt::format("{} {}", shown(text), what)});
}

std::unexpected<ValueError> wrong(std::string_view what) {
  return std::unexpected(ValueError{std::string(what)});
}

// Without a login's "@", a password may be anywhere: only what has the form of an address or of a
// port is shown.
bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return {};
  return port;
}

// A name, or an address in the form that the resolver understands.
ValueResult<std::string> parse_host(std::string_view text) {
  if (const auto address = net::IpAddress::parse(text)) return address->text();
  return parse_domain(text);
}

ValueResult<void> read_place(std::string_view text, HopConfig& hop) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong(text, "has no closing bracket");
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    const auto address = net::IpAddress::parse(host);
    if (!address || !address->is_v6()) return wrong(host, "is not an IPv6 address");
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    port = text.substr(colon);
    if (std::ranges::count(port, ':') > 1) {
      if (!consists_of(text, "0123456789abcdefABCDEF:.")) {
        return wrong("there is more than one colon, and no @ after a login");
      }
      return wrong(text, "has more than one colon; put an IPv6 address in brackets");
    }
  }
  auto target = parse_host(host);
  if (!target) return std::unexpected(std::move(target).error());
  if (!port.empty()) {
    const auto number = port.front() == ':' ? parse_port(port.substr(1)) : std::nullopt;
    if (!number && !consists_of(port, ":0123456789")) {
      return wrong("what follows the host is not a port");
    }
    if (!number) return wrong(port, "is not a port");
    hop.port = *number;
  }
  hop.host = std::move(*target);
  return {};
}

// Nothing if it is not percent-encoded, or has control characters.
std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    char c = text.front();
    if (std::string_view("/?#@[] \"<>").contains(c)) return std::nullopt;
    std::size_t width = 1;
    if (c == '%') {
      unsigned code = 0;
      width = 3;
      if (text.size() < width) return std::nullopt;
      const auto read = std::from_chars(text.data() + 1, text.data() + width, code, 16);
      if (read.ec != std::errc() || read.ptr != text.data() + width) return std::nullopt;
      c = static_cast<char>(code);
    }
    if (ascii::is_control(c)) return std::nullopt;
    result += c;
    text.remove_prefix(width);
  }
  return result;
}

ValueResult<void> read_login(std::string_view text, HopConfig& hop) {
  const std::size_t colon = text.find(':');
  const auto login = decoded(text.substr(0, colon));
  const auto password =
      colon == std::string_view::npos ? std::string() : decoded(text.substr(colon + 1));
  if (!login || !password) {
    return wrong(
        "the login or its password has a character that must be percent-encoded (\"@\" is %40, "
        "\"/\" is %2F, \"%\" is %25)");
  }
  if (login->empty()) return wrong("there is an @, and no login before it");
  if (colon != std::string_view::npos && password->empty()) return wrong("the password is empty");
  hop.login = *login;
  if (!password->empty()) hop.password = std::make_shared<const sasl::Password>(*password);
  return {};
}

// Servers have logins that are secrets themselves: a few octets of the hash tell them apart.
std::string mark_of(const std::string& login) {
  std::string mark = " login=";
  for (const char octet : sasl::hash(sasl::ScramHash::Sha256, login).substr(0, 4)) {
    mark += fmt::format("{:02x}", static_cast<unsigned char>(octet));
  }
  return mark;
}

}  // namespace

ValueResult<HopConfig> parse_next_hop(std::string_view text) {
  HopConfig hop;
  if (text.starts_with(kSocketPrefix)) {
    auto path = parse_socket_path(text.substr(kSocketPrefix.size()));
    if (!path && text.contains('@')) return wrong("this is not the absolute path of a socket");
    if (!path) return std::unexpected(std::move(path).error());
    hop.name = text;
    hop.protocol = HopProtocol::Lmtp;
    hop.port = 0;
    hop.socket = std::move(*path);
    return hop;
  }
  const auto scheme = std::ranges::find_if(
      kSchemes, [&](const Scheme& each) { return text.starts_with(each.prefix); });
  if (scheme == kSchemes.end()) {
    // A login may be anywhere in a mistyped value: it must not reach the log.
    if (text.contains('@')) return wrong("this is not a next hop");
    return wrong(text, "is not a next hop");
  }
  hop.protocol = scheme->protocol;
  hop.port = scheme->port;
  std::string_view place = text.substr(scheme->prefix.size());
  const std::size_t at = place.rfind('@');
  if (at != std::string_view::npos) {
    if (auto read = read_login(place.substr(0, at), hop); !read) {
      return std::unexpected(std::move(read).error());
    }
    place.remove_prefix(at + 1);
  }
  if (auto read = read_place(place, hop); !read) return std::unexpected(std::move(read).error());
  hop.name = fmt::format("{}{}", scheme->prefix, place);
  if (!hop.login.empty()) hop.name += mark_of(hop.login);
  return hop;
}

}  // namespace signpost::config
