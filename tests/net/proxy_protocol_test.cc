#include "net/proxy_protocol.h"

#include "base/check.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::net {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr char kLocal = '\x20';
constexpr char kProxy = '\x21';
constexpr char kTcp4 = '\x11';
constexpr char kTcp6 = '\x21';

std::string number(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string vector(char type, const std::string& value) {
  return type + number(value.size()) + value;
}

std::string binary(char command, char family, const std::string& rest) {
  return std::string(kSignature) + command + family + number(rest.size()) + rest;
}

// 192.0.2.1:40000 to 198.51.100.2:587
const std::string kAddresses("\xc0\x00\x02\x01\xc6\x33\x64\x02\x9c\x40\x02\x4b", 12);

std::string with(const std::string& vectors) { return binary(kProxy, kTcp4, kAddresses + vectors); }

ProxyHeader header_of(std::string_view octets) {
  auto parsed = parse_proxy_header(octets);
  CHECK(parsed.has_value() && parsed->has_value());
  return **parsed;
}

std::string mistake_in(std::string_view octets) {
  const auto parsed = parse_proxy_header(octets);
  return parsed ? "" : parsed.error().detail;
}

bool is_incomplete(std::string_view octets) {
  const auto parsed = parse_proxy_header(octets);
  return parsed && !*parsed;
}

TEST(ProxyProtocol, ALineNamesClientAndDestination) {
  const std::string line = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 587\r\n";
  const ProxyHeader header = header_of(line + "EHLO x\r\n");
  EXPECT_EQ(header.size, line.size());
  ASSERT_TRUE(header.route);
  EXPECT_EQ(header.route->client.text(), "192.0.2.1:40000");
  EXPECT_EQ(header.route->destination.text(), "198.51.100.2:587");
  EXPECT_FALSE(header.tls);
}

TEST(ProxyProtocol, ALineMayHaveSixteenOctetsOfAddress) {
  const ProxyHeader header = header_of(
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535\r\n");
  EXPECT_EQ(header.route->client.text(), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST(ProxyProtocol, AMappedClientIsAnIpv4One) {
  EXPECT_EQ(header_of("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n").route->client.text(),
            "192.0.2.1:1");
}

TEST(ProxyProtocol, UnknownHasNoRouteWhateverFollows) {
  EXPECT_FALSE(header_of("PROXY UNKNOWN\r\n").route);
  EXPECT_FALSE(header_of("PROXY UNKNOWN ffff::1 ::1 65535 65535\r\n").route);
}

TEST(ProxyProtocol, EachStartOfAHeaderIsIncompleteAndAllItsOwn) {
  for (const std::string& whole :
       {std::string("PROXY TCP4 192.0.2.1 198.51.100.2 40000 587\r\n"), with("")}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_TRUE(is_incomplete(std::string_view(whole).substr(0, size))) << size;
    }
    EXPECT_EQ(header_of(whole).size, whole.size());
  }
}

TEST(ProxyProtocol, OtherProtocolsAreKnownByTheirFirstOctets) {
  for (const std::string_view other : {"E", "EHLO x\r\n", "PROXX", "\r\n\r\nE", "\x16\x03\x01"}) {
    EXPECT_EQ(mistake_in(other), "no PROXY header") << other;
  }
}

TEST(ProxyProtocol, MalformedLinesAreRefused) {
  const auto line = [](std::string_view rest) { return "PROXY " + std::string(rest); };
  EXPECT_EQ(mistake_in(line("UDP4 192.0.2.1 192.0.2.2 1 2\r\n")),
            "a PROXY line of an unknown family");
  EXPECT_EQ(mistake_in(line("TCP4 192.0.2.1 192.0.2.2 1 2\n")),
            "a PROXY line that ends without CR");
  EXPECT_EQ(mistake_in(line("TCP4 " + std::string(200, '1'))), "a PROXY line without an end");
  for (const std::string_view rest :
       {"TCP4\r\n", "TCP4 192.0.2.1\r\n", "TCP4 192.0.2.1 192.0.2.2 1\r\n",
        "TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", "TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        "TCP4 192.0.2.1 192.0.2.2 1 -2\r\n", "TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
        "TCP4 192.0.2.1  192.0.2.2 1 2\r\n", "TCP4 ::1 ::1 1 2\r\n", "TCP4 x 192.0.2.2 1 2\r\n",
        "TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"}) {
    EXPECT_EQ(mistake_in(line(rest)), "a PROXY line with malformed addresses") << rest;
  }
}

TEST(ProxyProtocol, ALineOf107OctetsIsTheLongest) {
  const std::string start = "PROXY UNKNOWN ";
  const auto of_size = [&](std::size_t size) {
    return start + std::string(size - start.size() - 2, 'x') + "\r\n";
  };
  EXPECT_EQ(header_of(of_size(107)).size, 107U);
  EXPECT_EQ(mistake_in(of_size(108)), "a PROXY line without an end");
}

TEST(ProxyProtocol, ABinaryHeaderNamesClientAndDestination) {
  const ProxyHeader header = header_of(with("") + "EHLO x\r\n");
  EXPECT_EQ(header.size, with("").size());
  EXPECT_EQ(header.route->client.text(), "192.0.2.1:40000");
  EXPECT_EQ(header.route->destination.text(), "198.51.100.2:587");
}

TEST(ProxyProtocol, ABinaryHeaderMayBeOfIpv6) {
  std::string addresses(36, '\0');
  addresses[0] = '\x20';
  addresses[15] = '\x01';
  addresses[33] = '\x19';
  EXPECT_EQ(header_of(binary(kProxy, kTcp6, addresses)).route->client.text(), "[2000::1]:25");
}

TEST(ProxyProtocol, LocalAndFamiliesWithoutAddressesHaveNoRoute) {
  EXPECT_FALSE(header_of(binary(kLocal, '\0', "")).route);
  EXPECT_FALSE(header_of(binary(kLocal, kTcp4, kAddresses)).route) << "HAProxy sends them along";
  EXPECT_FALSE(header_of(binary(kProxy, '\0', "")).route);
  EXPECT_FALSE(header_of(binary(kProxy, '\x31', std::string(216, 'x'))).route);
}

TEST(ProxyProtocol, MalformedBinaryHeadersAreRefused) {
  EXPECT_EQ(mistake_in(binary('\x11', kTcp4, kAddresses)),
            "a PROXY header of an unknown version or command");
  EXPECT_EQ(mistake_in(binary('\x22', kTcp4, kAddresses)),
            "a PROXY header of an unknown version or command");
  EXPECT_EQ(mistake_in(binary(kProxy, '\x12', kAddresses)), "a PROXY header of an unknown family");
  EXPECT_EQ(mistake_in(binary(kProxy, kTcp6, kAddresses)), "a PROXY header without its addresses");
  EXPECT_EQ(mistake_in(with("\x01")), "a PROXY header whose parts exceed its length");
  EXPECT_EQ(mistake_in(with(std::string("\x01\x00\x05pad", 6))),
            "a PROXY header whose parts exceed its length");
  EXPECT_EQ(mistake_in(with(vector('\x20', "\x01"))), "a PROXY header with malformed facts of TLS");
  EXPECT_EQ(mistake_in(with(vector('\x20', std::string(5, '\x01') + "x"))),
            "a PROXY header with malformed facts of TLS");
}

TEST(ProxyProtocol, TheLengthIsBounded) {
  const std::size_t most = kMostProxyHeader - with("").size() - 3;
  EXPECT_EQ(header_of(with(vector('\x04', std::string(most, '\0')))).size, kMostProxyHeader);
  EXPECT_EQ(mistake_in(with(vector('\x04', std::string(most + 1, '\0'))).substr(0, 16)),
            "a PROXY header that is too long");
}

TEST(ProxyProtocol, FactsOfTlsAreRead) {
  const std::string facts = std::string("\x07\x00\x00\x00\x00", 5) + vector('\x21', "TLSv1.3") +
                            vector('\x22', "printer") + vector('\x23', "TLS_AES_128_GCM_SHA256");
  const ProxyHeader header = header_of(with(vector('\x05', "id") + vector('\x20', facts)));
  ASSERT_TRUE(header.tls);
  EXPECT_EQ(header.tls->version, "TLSv1.3");
  EXPECT_EQ(header.tls->cipher, "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(header.tls->common_name, "printer");
  EXPECT_TRUE(header.tls->certificate);
  EXPECT_TRUE(header.tls->verified);
}

TEST(ProxyProtocol, NoCertificateIsNeverVerified) {
  const ProxyHeader header = header_of(with(vector('\x20', std::string("\x01\0\0\0\0", 5))));
  EXPECT_FALSE(header.tls->certificate);
  EXPECT_FALSE(header.tls->verified);
}

TEST(ProxyProtocol, ACertificateThatFailedIsNotVerified) {
  const ProxyHeader header = header_of(with(vector('\x20', std::string("\x03\0\0\0\x01", 5))));
  EXPECT_TRUE(header.tls->certificate);
  EXPECT_FALSE(header.tls->verified);
}

TEST(ProxyProtocol, FactsThatDenyTlsAreNone) {
  EXPECT_FALSE(header_of(with(vector('\x20', std::string(5, '\0')))).tls);
}

TEST(ProxyProtocol, WhatIsNoNameOfAVersionIsLeftOut) {
  const std::string facts = std::string("\x01\0\0\0\0", 5) + vector('\x21', "1\r\nX: y") +
                            vector('\x23', std::string(65, 'a'));
  EXPECT_EQ(header_of(with(vector('\x20', facts))).tls->version, "");
  EXPECT_EQ(header_of(with(vector('\x20', facts))).tls->cipher, "");
}

TEST(ProxyProtocol, ChecksumsAreChecked) {
  const auto summed = [](const std::string& sum) { return with(vector('\x03', sum)); };
  EXPECT_TRUE(header_of(summed(std::string("\xf3\xf8\xeb\x5b", 4))).route);
  EXPECT_EQ(mistake_in(summed("CRC!")), "a PROXY header with a wrong checksum");
  EXPECT_EQ(mistake_in(summed("CRC")), "a PROXY header with a wrong checksum");
}

}  // namespace
}  // namespace signpost::net
