#include "delivery/forbidden_address.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {
namespace {

std::string kind(std::string_view address, const config::DeliveryConfig& config = {}) {
  const auto parsed = net::IpAddress::parse(address);
  EXPECT_TRUE(parsed) << address;
  return std::string(forbidden_network(*parsed, config).value_or("allowed"));
}

TEST(ForbiddenNetwork, MailGoesToAddressesOfTheInternet) {
  for (const auto* address : {"192.0.2.1", "8.8.8.8", "2001:db8::1", "172.32.0.1", "100.128.0.1",
                              "64:ff9b::808:808", "2002:808:808::1"}) {
    EXPECT_EQ(kind(address), "allowed") << address;
  }
}

TEST(ForbiddenNetwork, ThisMachineAndItsLinkAreForbidden) {
  EXPECT_EQ(kind("127.0.0.1"), "loopback");
  EXPECT_EQ(kind("127.255.255.254"), "loopback");
  EXPECT_EQ(kind("::1"), "loopback");
  EXPECT_EQ(kind("0.0.0.0"), "unspecified");
  EXPECT_EQ(kind("0.1.2.3"), "reserved");
  EXPECT_EQ(kind("::"), "unspecified");
  EXPECT_EQ(kind("169.254.169.254"), "link-local");
  EXPECT_EQ(kind("fe80::1"), "link-local");
  EXPECT_EQ(kind("224.0.0.1"), "multicast");
  EXPECT_EQ(kind("ff02::1"), "multicast");
  EXPECT_EQ(kind("255.255.255.255"), "reserved");
}

TEST(ForbiddenNetwork, AnAddressThatStandsForAnotherIsForbiddenLikeIt) {
  EXPECT_EQ(kind("::ffff:127.0.0.1"), "loopback");
  EXPECT_EQ(kind("::127.0.0.1"), "loopback");
  EXPECT_EQ(kind("::ffff:0:127.0.0.1"), "loopback");
  EXPECT_EQ(kind("64:ff9b::7f00:1"), "loopback");
  EXPECT_EQ(kind("64:ff9b:1::a9fe:a9fe"), "link-local");
  EXPECT_EQ(kind("2002:7f00:1::"), "loopback");
  EXPECT_EQ(kind("2002:a00:1::5"), "private");
  EXPECT_EQ(kind("2001:0:7f00:1::"), "loopback") << "the server of Teredo";
  EXPECT_EQ(kind("2001:0:808:808:0:0:80ff:fffe"), "loopback") << "the client, inverted";
}

TEST(ForbiddenNetwork, ALocalTranslatorsPrefixMayHaveAnyLength) {
  // 127.0.0.1, 169.254.169.254 and 8.8.8.8 after prefixes of 48, 56, 64 and 96 bits.
  for (const auto* address : {"64:ff9b:1:7f00:0:100::", "64:ff9b:1:007f:0:1::",
                              "64:ff9b:1:0:7f:0:100:0", "64:ff9b:1::7f00:1"}) {
    EXPECT_EQ(kind(address), "loopback") << address;
  }
  for (const auto* address : {"64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:00a9:fe:a9fe::",
                              "64:ff9b:1:0:a9:fea9:fe00:0", "64:ff9b:1:abcd::a9fe:a9fe"}) {
    EXPECT_EQ(kind(address), "link-local") << address;
  }
  for (const auto* address : {"64:ff9b:1:808:8:800::", "64:ff9b:1:0008:8:808::",
                              "64:ff9b:1:0:8:808:800:0", "64:ff9b:1::808:808"}) {
    EXPECT_EQ(kind(address), "allowed") << address;
  }
  EXPECT_EQ(kind("64:ff9b:1:7f00:0:1ff:ffff:ffff"), "loopback") << "translators ignore the rest";
  EXPECT_EQ(kind("64:ff9b:1::"), "unspecified");
}

TEST(ForbiddenNetwork, PrivateNetworksHaveAKey) {
  config::DeliveryConfig open;
  open.private_networks = true;
  for (const auto* address : {"10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1",
                              "64:ff9b::a01:203", "198.18.0.1"}) {
    EXPECT_EQ(kind(address), "private") << address;
    EXPECT_EQ(kind(address, open), "allowed") << address;
  }
  EXPECT_EQ(kind("127.0.0.1", open), "loopback");
}

TEST(ForbiddenNetwork, AnAllowedNetworkAllowsNothingElse) {
  config::DeliveryConfig config;
  config.allow_networks = {*net::Network::parse("127.1.0.0/16"), *net::Network::parse("fd00::/64")};
  EXPECT_EQ(kind("127.1.2.3", config), "allowed");
  EXPECT_EQ(kind("::ffff:127.1.2.3", config), "allowed") << "the same address";
  EXPECT_EQ(kind("127.2.0.1", config), "loopback");
  EXPECT_EQ(kind("::1", config), "loopback");
  EXPECT_EQ(kind("64:ff9b::7f01:203", config), "loopback") << "another address";
  EXPECT_EQ(kind("fd00::9", config), "allowed");
  EXPECT_EQ(kind("fd00:1::9", config), "private");
}

std::string why(std::string_view address) {
  const auto found = why_not("mx.example", {*net::IpAddress::parse(address), 25}, NextHop{},
                             Source{}, config::Config{}, {});
  return found ? found->reply.text : "";
}

TEST(WhyNot, SaysWhichKindOfAddressItIs) {
  EXPECT_EQ(
      why("0.0.0.0"),
      "the mail server mx.example has the unspecified address 0.0.0.0, where no mail is sent");
  EXPECT_EQ(why("0.1.2.3"),
            "the mail server mx.example has the reserved address 0.1.2.3, where no mail is sent");
  EXPECT_EQ(why("::"),
            "the mail server mx.example has the unspecified address ::, where no mail is sent");
  EXPECT_EQ(why("127.0.0.1"),
            "the mail server mx.example has the loopback address 127.0.0.1, where no mail is sent");
  EXPECT_EQ(why("192.0.2.1"), "");
}

bool lacks(std::string_view target, const Source& source) {
  return source.lacks(*net::IpAddress::parse(target));
}

TEST(Source, MailLeavesOnlyFromTheNamedFamilies) {
  const auto v4 = net::IpAddress::parse("192.0.2.1");
  const auto v6 = net::IpAddress::parse("2001:db8::2");
  EXPECT_TRUE(lacks("2001:db8::1", {.name = "", .v4 = v4, .v6 = {}, .hostname = ""}));
  EXPECT_TRUE(lacks("198.51.100.1", {.name = "", .v4 = {}, .v6 = v6, .hostname = ""}));
  EXPECT_FALSE(lacks("198.51.100.1", {.name = "", .v4 = v4, .v6 = {}, .hostname = ""}));
  EXPECT_FALSE(lacks("2001:db8::1", {.name = "", .v4 = v4, .v6 = v6, .hostname = ""}));
  EXPECT_FALSE(lacks("2001:db8::1", {})) << "the system chooses";
}

class OwnListenerTest : public testing::Test {
 protected:
  bool own(std::string_view target) const {
    return is_own_listener(net::SocketAddress::parse(target).value(), config_, local_);
  }
  void bind(std::string_view address) {
    config_.listeners.emplace_back().bind = net::SocketAddress::parse(address).value();
  }

  config::Config config_;
  std::vector<net::IpAddress> local_{*net::IpAddress::parse("192.0.2.9"),
                                     *net::IpAddress::parse("2001:db8::9")};
};

TEST_F(OwnListenerTest, IsTheAddressAndPortThatItIsBoundTo) {
  bind("192.0.2.9:25");
  EXPECT_TRUE(own("192.0.2.9:25"));
  EXPECT_TRUE(own("[::ffff:192.0.2.9]:25"));
  EXPECT_FALSE(own("192.0.2.9:26"));
  EXPECT_FALSE(own("192.0.2.10:25"));
  EXPECT_FALSE(own("127.0.0.1:25"));
}

TEST_F(OwnListenerTest, AWildcardIsEachAddressOfThisMachineInItsFamily) {
  bind("0.0.0.0:25");
  EXPECT_TRUE(own("192.0.2.9:25"));
  EXPECT_TRUE(own("127.3.2.1:25"));
  EXPECT_TRUE(own("0.0.0.0:25"));
  EXPECT_FALSE(own("192.0.2.10:25"));
  EXPECT_FALSE(own("[2001:db8::9]:25"));
  bind("[::]:25");
  EXPECT_TRUE(own("[2001:db8::9]:25"));
  EXPECT_TRUE(own("[::1]:25"));
}

TEST_F(OwnListenerTest, TheUnspecifiedAddressLeadsToLoopback) {
  bind("127.0.0.1:25");
  EXPECT_TRUE(own("0.0.0.0:25"));
}

}  // namespace
}  // namespace signpost::delivery
