#include "dns/question_channel.h"

#include "metrics/registry.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

std::vector<net::SocketAddress> servers(const std::vector<std::string>& texts) {
  std::vector<net::SocketAddress> list;
  for (const std::string& text : texts) list.push_back(*net::SocketAddress::parse(text));
  return list;
}

TEST(QuestionChannel, NamesTheServersOfTheOptions) {
  metrics::Registry registry;
  net::Loop loop;
  ResolverOptions options;
  options.servers = servers({"127.0.0.1:53", "[::1]:5353", "192.0.2.1:10053"});
  const auto channel = QuestionChannel::open(loop, options, registry);
  ASSERT_TRUE(channel) << channel.error().detail;
  EXPECT_EQ((*channel)->servers(), options.servers);
}

TEST(QuestionChannel, NamesTheServersOfTheSystem) {
  metrics::Registry registry;
  net::Loop loop;
  const auto channel = QuestionChannel::open(loop, {}, registry);
  ASSERT_TRUE(channel) << channel.error().detail;
  EXPECT_FALSE((*channel)->servers().empty()) << "c-ares falls back to 127.0.0.1";
}

}  // namespace
}  // namespace signpost::dns
