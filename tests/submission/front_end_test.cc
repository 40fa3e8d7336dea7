#include "submission/front_end.h"

#include <gtest/gtest.h>

#include <string_view>

namespace signpost::submission {
namespace {

net::SocketAddress address(std::string_view text) {
  return net::SocketAddress::parse(text).value();
}

const Peer kFront{.client = address("10.0.0.5:40000")};

Peer client(std::string_view attributes, const Peer& front = kFront) {
  return peer_of(smtp::parse_xclient(attributes).value(), front);
}

TEST(FrontEnd, TheAddressIsTheClientsAndTheFrontEndItsProxy) {
  const Peer peer = client("NAME=client.example ADDR=192.0.2.1 PORT=50000");
  EXPECT_EQ(peer.client, address("192.0.2.1:50000"));
  EXPECT_EQ(peer.proxy, kFront.client);
  EXPECT_EQ(peer.name, "client.example");
  EXPECT_FALSE(peer.is_unknown);
}

TEST(FrontEnd, WithoutAnAddressTheClientIsTheFrontEnd) {
  const Peer peer = client("LOGIN=shop PORT=50000");
  EXPECT_EQ(peer.client, kFront.client);
  EXPECT_FALSE(peer.proxy);
  EXPECT_FALSE(peer.is_unknown);
}

TEST(FrontEnd, AClientThatItDoesNotKnowIsTrustedInNothing) {
  const Peer peer = client("ADDR=[UNAVAILABLE]");
  EXPECT_EQ(peer.client, kFront.client);
  EXPECT_TRUE(peer.is_unknown);
}

TEST(FrontEnd, ALocalClientOfAnotherMachineIsNotLocalHere) {
  EXPECT_FALSE(client("ADDR=127.0.0.1").is_local());
  const Peer local{.client = address("127.0.0.1:40000")};
  EXPECT_FALSE(client("ADDR=127.0.0.1", local).is_local()) << "the front end may have it from afar";
  EXPECT_FALSE(client("ADDR=192.0.2.1", local).is_local());
  EXPECT_FALSE(client("ADDR=[UNAVAILABLE]", local).is_local());
}

TEST(FrontEnd, WhoIsConnectedStaysTheProxy) {
  const Peer behind{.client = address("127.0.0.1:40000"), .proxy = address("10.0.0.7:1234")};
  const Peer peer = client("ADDR=127.0.0.1", behind);
  EXPECT_EQ(peer.proxy, behind.proxy);
  EXPECT_FALSE(peer.is_local());
}

}  // namespace
}  // namespace signpost::submission
