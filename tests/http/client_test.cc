#include "http/client.h"

#include <gtest/gtest.h>

namespace signpost::http {
namespace {

TEST(Escaped, LeavesWhatAUrlMayHave) {
  EXPECT_EQ(escaped("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(escaped("*@a b&c=d/é%"), "%2A%40a%20b%26c%3Dd%2F%C3%A9%25");
  EXPECT_EQ(escaped(""), "");
}

TEST(Client, SaysThatNobodyListens) {
  auto client = Client::create();
  ASSERT_TRUE(client) << client.error().detail;
  const auto response = client->send(
      {.url = "http://localhost/", .socket = "/nonexistent/socket", .use_proxy = false});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::Unavailable);
}

TEST(Client, SpeaksHttpOnly) {
  auto client = Client::create();
  ASSERT_TRUE(client) << client.error().detail;
  const auto response = client->send({.url = "file:///etc/passwd"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::Io);
}

}  // namespace
}  // namespace signpost::http
