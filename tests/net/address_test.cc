#include "net/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <unordered_set>

namespace signpost::net {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(ip("192.0.2.1").text(), "192.0.2.1");
  EXPECT_FALSE(ip("192.0.2.1").is_v6());
  EXPECT_EQ(ip("2001:DB8:0:0::1").text(), "2001:db8::1");
  EXPECT_TRUE(ip("2001:db8::1").is_v6());
}

TEST(IpAddress, HoldsMappedAddressesAsIpv4) {
  EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
  EXPECT_EQ(ip("::ffff:192.0.2.1").text(), "192.0.2.1");
}

TEST(IpAddress, RefusesWhatIsNotOneAddress) {
  for (const std::string_view text :
       {"", "192.0.2", "192.0.2.1.", "192.0.2.256", "192.0.2.1 ", "0x7f.1", "2001:db8::1::2",
        "[::1]", "fe80::1%lo", "example.com", "1:2:3:4:5:6:7:8:9"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("192.0.2.1\0", 10)));
  EXPECT_FALSE(IpAddress::parse(std::string(1000, ':')));
}

TEST(IpAddress, KnowsLoopbackAndUnspecified) {
  EXPECT_TRUE(ip("127.0.0.1").is_loopback());
  EXPECT_TRUE(ip("127.255.0.9").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_TRUE(ip("::ffff:127.0.0.1").is_loopback());
  EXPECT_FALSE(ip("::2").is_loopback());
  EXPECT_FALSE(ip("1::1").is_loopback());
  EXPECT_FALSE(ip("0.0.0.1").is_loopback());
  EXPECT_TRUE(ip("0.0.0.0").is_unspecified());
  EXPECT_TRUE(ip("::").is_unspecified());
  EXPECT_FALSE(ip("::1").is_unspecified());
}

TEST(IpAddress, CountsAnIpv6SiteAsOneClient) {
  EXPECT_EQ(ip("2001:db8:1:2:3:4:5:6").client_prefix(), ip("2001:db8:1:2::"));
  EXPECT_EQ(ip("192.0.2.7").client_prefix(), ip("192.0.2.7"));
}

TEST(IpAddress, AnAccountIsNoAddressAndInNoNetwork) {
  const IpAddress account = IpAddress::of_account(33);
  EXPECT_EQ(account.account(), 33U);
  EXPECT_EQ(account.text(), "uid:33");
  EXPECT_EQ((SocketAddress{account, 0}.text()), "uid:33");
  EXPECT_EQ(account.client_prefix(), account);
  EXPECT_NE(account, IpAddress::of_account(34));
  // The octets of uid 127 are those of 127.0.0.0, and those of uid 0 are those of 0.0.0.0.
  EXPECT_NE(IpAddress::of_account(127), ip("127.0.0.0"));
  EXPECT_FALSE(IpAddress::of_account(127).is_loopback());
  EXPECT_FALSE(IpAddress::of_account(0).is_unspecified());
  for (const auto* network : {"0.0.0.0/0", "::/0", "127.0.0.0/8"}) {
    EXPECT_FALSE(Network::parse(network)->contains(IpAddress::of_account(127))) << network;
  }
  EXPECT_FALSE(ip("127.0.0.1").account());
  EXPECT_FALSE(ip("::1").account());
}

TEST(IpAddress, IsAKey) {
  std::unordered_set<IpAddress> set{ip("192.0.2.1"), ip("192.0.2.1"), ip("2001:db8::1")};
  EXPECT_EQ(set.size(), 2U);
  EXPECT_NE(ip("0.0.0.0"), ip("::"));
}

TEST(SocketAddress, ReadsAndWritesBothFamilies) {
  const auto v4 = SocketAddress::parse("192.0.2.1:25");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->ip, ip("192.0.2.1"));
  EXPECT_EQ(v4->port, 25);
  EXPECT_EQ(v4->text(), "192.0.2.1:25");
  const auto v6 = SocketAddress::parse("[2001:db8::1]:587");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->port, 587);
  EXPECT_EQ(v6->text(), "[2001:db8::1]:587");
}

TEST(SocketAddress, TakesADefaultPortOnlyWhenThereIsOne) {
  EXPECT_FALSE(SocketAddress::parse("192.0.2.1"));
  EXPECT_FALSE(SocketAddress::parse("[2001:db8::1]"));
  EXPECT_FALSE(SocketAddress::parse("2001:db8::1"));
  EXPECT_EQ(SocketAddress::parse("192.0.2.1", 25)->port, 25);
  EXPECT_EQ(SocketAddress::parse("[2001:db8::1]", 25)->port, 25);
  EXPECT_EQ(SocketAddress::parse("2001:db8::1", 25)->ip, ip("2001:db8::1"));
  EXPECT_EQ(SocketAddress::parse("192.0.2.1:26", 25)->port, 26);
}

TEST(SocketAddress, RefusesMalformedText) {
  for (const std::string_view text :
       {"", ":25", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:+25", "192.0.2.1:25x",
        "192.0.2.1:000025", "[192.0.2.1]:25", "[2001:db8::1]25", "[2001:db8::1", "[]:25"}) {
    EXPECT_FALSE(SocketAddress::parse(text, 25)) << text;
  }
}

TEST(SocketAddress, SurvivesTheNativeForm) {
  for (const std::string_view text : {"192.0.2.1:25", "[2001:db8::1]:65535"}) {
    sockaddr_storage native;
    const auto address = SocketAddress::parse(text).value();
    EXPECT_EQ(address.to_native(native),
              address.ip.is_v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    EXPECT_EQ(SocketAddress::from_native(native), address);
  }
}

TEST(Network, ContainsItsAddressesOnly) {
  const Network net = Network::parse("192.0.2.0/24").value();
  EXPECT_TRUE(net.contains(ip("192.0.2.0")));
  EXPECT_TRUE(net.contains(ip("192.0.2.255")));
  EXPECT_FALSE(net.contains(ip("192.0.3.0")));
  EXPECT_FALSE(net.contains(ip("::")));
  const Network odd = Network::parse("10.0.0.0/9").value();
  EXPECT_TRUE(odd.contains(ip("10.127.255.255")));
  EXPECT_FALSE(odd.contains(ip("10.128.0.0")));
  const Network site = Network::parse("2001:db8::/33").value();
  EXPECT_TRUE(site.contains(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(site.contains(ip("2001:db8:8000::1")));
}

TEST(Network, ASingleAddressIsANetwork) {
  EXPECT_EQ(Network::parse("192.0.2.1")->length, 32U);
  EXPECT_EQ(Network::parse("2001:db8::1")->length, 128U);
  EXPECT_FALSE(Network::parse("192.0.2.1")->contains(ip("192.0.2.2")));
}

TEST(Network, EverythingHasLengthZero) {
  EXPECT_TRUE(Network::parse("0.0.0.0/0")->contains(ip("255.255.255.255")));
  EXPECT_FALSE(Network::parse("0.0.0.0/0")->contains(ip("2001:db8::1")));
  EXPECT_TRUE(Network::parse("::/0")->contains(ip("2001:db8::1")));
}

TEST(Network, DropsHostBits) {
  EXPECT_EQ(Network::parse("192.0.2.77/24"), Network::parse("192.0.2.0/24"));
  EXPECT_EQ(Network::parse("192.0.2.77/24")->text(), "192.0.2.0/24");
}

TEST(Network, CountsAMappedPrefixFromTheIpv6End) {
  EXPECT_EQ(Network::parse("::ffff:192.0.2.0/120"), Network::parse("192.0.2.0/24"));
  EXPECT_FALSE(Network::parse("::ffff:192.0.2.0/95"));
}

TEST(Network, RefusesMalformedText) {
  for (const std::string_view text : {"", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1",
                                      "192.0.2.0/2 4", "2001:db8::/129", "2001:db8::/0128"}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
}

}  // namespace
}  // namespace signpost::net
