#include "net/endpoint.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>

namespace signpost::net {
namespace {

TEST(Endpoint, IsAnAddressWithAPort) {
  const auto endpoint = Endpoint::parse("192.0.2.1:25");
  ASSERT_TRUE(endpoint);
  EXPECT_FALSE(endpoint->is_unix());
  EXPECT_EQ(endpoint->address(), *SocketAddress::parse("192.0.2.1:25"));
  EXPECT_EQ(endpoint->text(), "192.0.2.1:25");
}

TEST(Endpoint, MayLeaveThePortToADefault) {
  EXPECT_EQ(Endpoint::parse("2001:db8::1"), std::nullopt);
  const auto endpoint = Endpoint::parse("[2001:db8::1]", 25);
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->text(), "[2001:db8::1]:25");
}

TEST(Endpoint, IsASocketInTheFileSystem) {
  const auto endpoint = Endpoint::parse("unix:/run/signpost/submit");
  ASSERT_TRUE(endpoint);
  EXPECT_TRUE(endpoint->is_unix());
  EXPECT_EQ(endpoint->path(), "/run/signpost/submit");
  EXPECT_EQ(endpoint->text(), "unix:/run/signpost/submit");
}

TEST(Endpoint, PathsAreAbsolutePrintableAndShortEnoughForTheKernel) {
  const std::string longest = "/" + std::string(Endpoint::kMaxPath - 1, 'x');
  EXPECT_TRUE(Endpoint::parse("unix:" + longest));
  for (const std::string& text :
       {std::string("unix:"), std::string("unix:run/submit"), std::string("unix:@abstract"),
        "unix:" + longest + "x", std::string("unix:/a\nb"), std::string("unix:/a b"),
        std::string("unix:/a\0b", 9), std::string("UNIX:/a"), std::string("/run/submit"),
        std::string()}) {
    EXPECT_EQ(Endpoint::parse(text), std::nullopt) << text;
  }
}

TEST(Endpoint, GivesTheKernelItsPathWithANul) {
  sockaddr_storage native;
  const socklen_t size = Endpoint::parse("unix:/a")->to_native(native);
  EXPECT_EQ(size, offsetof(sockaddr_un, sun_path) + 3);
  sockaddr_un address;
  std::memcpy(&address, &native, sizeof address);
  EXPECT_EQ(address.sun_family, AF_UNIX);
  EXPECT_STREQ(address.sun_path, "/a");
}

TEST(Endpoint, GivesTheKernelItsAddress) {
  const SocketAddress address = *SocketAddress::parse("[2001:db8::1]:587");
  sockaddr_storage native;
  EXPECT_EQ(Endpoint(address).to_native(native), sizeof(sockaddr_in6));
  EXPECT_EQ(SocketAddress::from_native(native), address);
}

TEST(Endpoint, EqualsOnlyTheSamePlace) {
  EXPECT_EQ(*Endpoint::parse("unix:/a"), *Endpoint::parse("unix:/a"));
  EXPECT_NE(*Endpoint::parse("unix:/a"), *Endpoint::parse("unix:/b"));
  EXPECT_NE(*Endpoint::parse("unix:/a"), *Endpoint::parse("192.0.2.1:25"));
}

TEST(EndpointDeathTest, HasOnlyWhatItIs) {
  EXPECT_DEATH((void)Endpoint::parse("unix:/a")->address(), "broken invariant");
  EXPECT_DEATH((void)Endpoint::parse("192.0.2.1:25")->path(), "broken invariant");
}

}  // namespace
}  // namespace signpost::net
