#include "admin/http_message.h"

#include <gtest/gtest.h>

namespace signpost::admin {
namespace {

TEST(HttpRequest, HeadersAreFoundInAnyCaseAndTheFirstCounts) {
  HttpRequest request;
  request.headers = {{"host", "a"}, {"Host", "b"}};
  EXPECT_EQ(request.header("HOST"), "a");
  EXPECT_EQ(request.header("Origin"), "");
}

TEST(HttpRequest, ParametersAreFoundByTheirExactName) {
  HttpRequest request;
  request.query = {{"to", "a.example"}, {"to", "b.example"}};
  EXPECT_EQ(request.parameter("to"), "a.example");
  EXPECT_EQ(request.parameter("To"), "");
}

TEST(HttpPeer, ConnectionsAreCountedByAccountOrByNetwork) {
  HttpPeer account;
  account.account = net::PeerCredentials{1000, 7, 42};
  EXPECT_EQ(account.client(), "uid 1000");
  HttpPeer v4;
  v4.address = *net::SocketAddress::parse("192.0.2.1:1");
  EXPECT_EQ(v4.client(), "192.0.2.1");
  HttpPeer one;
  HttpPeer other;
  one.address = *net::SocketAddress::parse("[2001:db8::1]:1");
  other.address = *net::SocketAddress::parse("[2001:db8::2]:2");
  EXPECT_EQ(one.client(), other.client());
}

}  // namespace
}  // namespace signpost::admin
