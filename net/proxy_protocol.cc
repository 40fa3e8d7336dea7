#include "net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace signpost::net {

namespace {

using Parsed = Result<std::optional<ProxyHeader>>;

Failure malformed(const char* why) { return fail(Errc::Protocol, why); }

// ---- Version 1: "PROXY TCP4 192.0.2.1 198.51.100.1 56324 587\r\n"

constexpr std::string_view kWord = "PROXY ";
constexpr std::size_t kMostLine = 107;

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool padded = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || end != text.data() + text.size() || padded) return {};
  return port;
}

// The text before the next blank, which goes too.
std::string_view take_word(std::string_view& text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, blank);
  text.remove_prefix(std::min(blank + 1, text.size()));
  return word;
}

std::optional<ProxyHeader::Route> route_of(std::string_view line, bool v6) {
  const auto client = IpAddress::parse(take_word(line));
  const auto destination = IpAddress::parse(take_word(line));
  const auto client_port = port_of(take_word(line));
  const auto port = port_of(line);
  if (!client || !destination || !client_port || !port) return {};
  // A client that came over IPv4 to a socket of both may be written as IPv6: it is IPv4 then.
  if (!v6 && (client->is_v6() || destination->is_v6())) return {};
  return ProxyHeader::Route{{*client, *client_port}, {*destination, *port}};
}

Parsed parse_line(std::string_view octets) {
  const std::size_t end = octets.substr(0, kMostLine).find('\n');
  if (end == std::string_view::npos) {
    if (octets.size() >= kMostLine) return malformed("a PROXY line without an end");
    return std::optional<ProxyHeader>();
  }
  std::string_view line = octets.substr(kWord.size(), end - kWord.size());
  if (!line.ends_with('\r')) return malformed("a PROXY line that ends without CR");
  line.remove_suffix(1);
  ProxyHeader header{.size = end + 1, .route = {}, .tls = {}};
  const std::string_view family = take_word(line);
  if (family == "UNKNOWN") return header;  // the rest is to be ignored
  if (family != "TCP4" && family != "TCP6") return malformed("a PROXY line of an unknown family");
  header.route = route_of(line, family == "TCP6");
  if (!header.route) return malformed("a PROXY line with malformed addresses");
  return header;
}

// ---- Version 2: a signature, version and command, family, length; addresses; TLVs

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed = 16;
constexpr std::size_t kLength = 14;  // where the length is

constexpr std::uint8_t kCrc32c = 0x03;
constexpr std::uint8_t kTls = 0x20;
constexpr std::uint8_t kTlsVersion = 0x21;
constexpr std::uint8_t kTlsCommonName = 0x22;
constexpr std::uint8_t kTlsCipher = 0x23;
constexpr std::size_t kMostWord = 64;         // octets of a version or cipher
constexpr std::size_t kMostCommonName = 256;  // and of a name

std::uint8_t octet(std::string_view octets, std::size_t at) {
  return static_cast<std::uint8_t>(octets[at]);
}

std::uint32_t number(std::string_view octets) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) value = value << 8 | octet(octets, i);
  return value;
}

template <std::size_t Size>
std::array<std::uint8_t, Size> address_octets(std::string_view octets) {
  std::array<std::uint8_t, Size> address;
  for (std::size_t i = 0; i < Size; ++i) address[i] = octet(octets, i);
  return address;
}

IpAddress address_of(std::string_view octets) {
  return octets.size() == 4 ? IpAddress::from_v4(address_octets<4>(octets))
                            : IpAddress::from_v6(address_octets<16>(octets));
}

ProxyHeader::Route route_of(std::string_view octets, std::size_t width) {
  const std::string_view ports = octets.substr(2 * width);
  return {
      {address_of(octets.substr(0, width)), static_cast<std::uint16_t>(number(ports.substr(0, 2)))},
      {address_of(octets.substr(width, width)),
       static_cast<std::uint16_t>(number(ports.substr(2, 2)))}};
}

// Type, length, value.
struct Vector {
  std::uint8_t type;
  std::string_view value;
};

std::optional<Vector> take_vector(std::string_view& octets) {
  if (octets.size() < 3) return {};
  const std::size_t size = number(octets.substr(1, 2));
  if (octets.size() - 3 < size) return {};
  const Vector vector{octet(octets, 0), octets.substr(3, size)};
  octets.remove_prefix(3 + size);
  return vector;
}

// "" if it could be anything but the name of a version or cipher: it goes into Received fields.
std::string tls_word(std::string_view text) {
  const bool is_word = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  return is_word && text.size() <= kMostWord ? std::string(text) : std::string();
}

// Nothing also when it says that there is no TLS. False: malformed.
bool read_tls(std::string_view value, std::optional<ProxiedTls>& tls) {
  constexpr std::uint8_t kInUse = 0x01;
  constexpr std::uint8_t kCertificates = 0x06;  // on this connection, or on the session resumed
  if (value.size() < 5) return false;
  const std::uint8_t client = octet(value, 0);
  ProxiedTls facts;
  facts.certificate = (client & kCertificates) != 0;
  facts.verified = facts.certificate && number(value.substr(1, 4)) == 0;
  std::string_view rest = value.substr(5);
  while (!rest.empty()) {
    const auto vector = take_vector(rest);
    if (!vector) return false;
    if (vector->type == kTlsVersion) facts.version = tls_word(vector->value);
    if (vector->type == kTlsCipher) facts.cipher = tls_word(vector->value);
    if (vector->type == kTlsCommonName) {
      facts.common_name = vector->value.substr(0, kMostCommonName);
    }
  }
  if ((client & kInUse) != 0) tls = std::move(facts);
  return true;
}

// CRC32c (RFC 4960 appendix B) of the header, with the octets of the sum itself as zero.
std::uint32_t sum_of(std::string_view header, std::string_view sum) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char& c : header) {
    const bool is_sum = &c >= sum.data() && &c < sum.data() + sum.size();
    crc ^= is_sum ? 0 : static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
  }
  return ~crc;
}

// Null, or what is wrong.
const char* read_vectors(std::string_view header, std::string_view vectors,
                         std::optional<ProxiedTls>& tls) {
  while (!vectors.empty()) {
    const auto vector = take_vector(vectors);
    if (!vector) return "a PROXY header whose parts exceed its length";
    if (vector->type == kTls && !read_tls(vector->value, tls)) {
      return "a PROXY header with malformed facts of TLS";
    }
    if (vector->type == kCrc32c &&
        (vector->value.size() != 4 || sum_of(header, vector->value) != number(vector->value))) {
      return "a PROXY header with a wrong checksum";
    }
  }
  return nullptr;
}

// Octets of one address of the family; 0: it has no Internet addresses.
std::optional<std::size_t> address_width(std::uint8_t family_and_transport) {
  constexpr std::uint8_t kUnixStream = 0x31;
  switch (family_and_transport) {
    case 0x00:  // unspecified
    case kUnixStream:
      return 0;
    case 0x11:  // IPv4, stream
      return 4;
    case 0x21:  // IPv6, stream
      return 16;
    default:
      return {};
  }
}

Parsed parse_binary(std::string_view octets) {
  constexpr std::uint8_t kLocal = 0x20;
  constexpr std::uint8_t kProxy = 0x21;
  if (octets.size() < kFixed) return std::optional<ProxyHeader>();
  const std::uint8_t command = octet(octets, kSignature.size());
  if (command != kLocal && command != kProxy) {
    return malformed("a PROXY header of an unknown version or command");
  }
  const std::size_t size = kFixed + number(octets.substr(kLength, 2));
  if (size > kMostProxyHeader) return malformed("a PROXY header that is too long");
  if (octets.size() < size) return std::optional<ProxyHeader>();
  ProxyHeader header{.size = size, .route = {}, .tls = {}};
  if (command == kLocal) return header;  // the rest is to be ignored
  const auto width = address_width(octet(octets, kSignature.size() + 1));
  if (!width) return malformed("a PROXY header of an unknown family");
  if (*width == 0) return header;
  const std::string_view whole = octets.substr(0, size);
  const std::size_t addresses = 2 * *width + 4;
  if (size < kFixed + addresses) return malformed("a PROXY header without its addresses");
  header.route = route_of(whole.substr(kFixed), *width);
  const char* const wrong = read_vectors(whole, whole.substr(kFixed + addresses), header.tls);
  if (wrong != nullptr) return malformed(wrong);
  return header;
}

bool may_become(std::string_view octets, std::string_view start) {
  return octets.substr(0, start.size()) == start.substr(0, octets.size());
}

}  // namespace

Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view octets) {
  if (octets.starts_with(kWord)) return parse_line(octets);
  if (octets.starts_with(kSignature)) return parse_binary(octets);
  if (!may_become(octets, kWord) && !may_become(octets, kSignature)) {
    return malformed("no PROXY header");
  }
  return std::optional<ProxyHeader>();
}

}  // namespace signpost::net
