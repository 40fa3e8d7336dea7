#include "dns/mx.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace signpost::dns {
namespace {

using Outcome = MxAnswer::Outcome;

std::vector<std::string> names(const std::vector<MxHost>& hosts) {
  std::vector<std::string> list;
  for (const MxHost& mx : hosts) list.push_back(mx.host);
  return list;
}

using List = std::vector<std::string>;

TEST(MxOrder, TriesSmallerPreferencesFirst) {
  const MxAnswer answer =
      order_mail_exchangers({{30, "c.example"}, {10, "a.example"}, {20, "b.example"}});
  EXPECT_EQ(answer.outcome, Outcome::Hosts);
  EXPECT_EQ(names(answer.hosts), (List{"a.example", "b.example", "c.example"}));
  EXPECT_FALSE(answer.implicit);
}

TEST(MxOrder, IsTheSameWhateverTheOrderOfTheRecords) {
  std::vector<MxHost> hosts{{5, "first.example"}};
  for (int i = 0; i < 30; ++i) hosts.push_back({10, "mx" + std::to_string(i) + ".example"});
  const List order = names(order_mail_exchangers(hosts).hosts);
  ASSERT_EQ(order.size(), kMaxHosts);
  EXPECT_EQ(order[0], "first.example");
  EXPECT_EQ(order[1], "mx0.example");
  std::ranges::reverse(hosts);
  EXPECT_EQ(names(order_mail_exchangers(hosts).hosts), order);
}

TEST(MxOrder, SeesTheNullMx) {
  EXPECT_EQ(order_mail_exchangers({{0, ""}}).outcome, Outcome::NullMx);
}

TEST(MxOrder, IgnoresANullMxBesideOthers) {
  const MxAnswer answer = order_mail_exchangers({{0, ""}, {10, "a.example"}});
  EXPECT_EQ(answer.outcome, Outcome::Hosts);
  EXPECT_EQ(names(answer.hosts), (List{"a.example"}));
}

TEST(MxOrder, LeavesOutUnusableHosts) {
  const MxAnswer answer = order_mail_exchangers({{1, "192.0.2.1"},
                                                 {2, "localhost"},
                                                 {3, "mail.localhost"},
                                                 {4, "a\\046b.example"},
                                                 {5, "[192.0.2.1]"},
                                                 {10, "a.example"}});
  EXPECT_EQ(names(answer.hosts), (List{"a.example"}));
}

TEST(MxOrder, WithoutAnyUsableHostItSaysWhatTheRecordsNameInstead) {
  const MxAnswer answer = order_mail_exchangers({{0, "localhost"}, {10, "127.0.0.1"}, {20, ""}});
  EXPECT_EQ(answer.outcome, Outcome::Unusable);
  EXPECT_TRUE(answer.hosts.empty());
  EXPECT_EQ(answer.detail,
            "localhost (every machine's own name), 127.0.0.1 (an address instead of a name), "
            "the null MX");
  EXPECT_EQ(order_mail_exchangers({{0, "a\\046b.example"}}).detail,
            "a\\046b.example (not a host name)");
}

TEST(MxOrder, NamesAFewOfManyUnusableHosts) {
  std::vector<MxHost> hosts(100, MxHost{10, "localhost"});
  EXPECT_LT(order_mail_exchangers(hosts).detail.size(), 200U);
}

TEST(MxOrder, TriesAHostOnce) {
  const MxAnswer answer =
      order_mail_exchangers({{20, "a.example"}, {10, "a.example"}, {15, "b.example"}});
  EXPECT_EQ(answer.hosts, (std::vector<MxHost>{{10, "a.example"}, {15, "b.example"}}));
}

TEST(MxOrder, KeepsTheMostPreferredOfMany) {
  std::vector<MxHost> hosts;
  for (int i = 99; i >= 0; --i) {
    hosts.push_back({static_cast<std::uint16_t>(i), "mx" + std::to_string(i) + ".example"});
  }
  const MxAnswer answer = order_mail_exchangers(hosts);
  ASSERT_EQ(answer.hosts.size(), kMaxHosts);
  EXPECT_EQ(answer.hosts.front().host, "mx0.example");
  EXPECT_EQ(answer.hosts.back().host, "mx19.example");
}

TEST(MxOrder, KeepsABackupHoweverManyHostsComeFirst) {
  std::vector<MxHost> hosts{{20, "backup.example"}, {30, "last.example"}};
  for (int i = 0; i < 30; ++i) hosts.push_back({10, "mx" + std::to_string(i) + ".example"});
  const MxAnswer answer = order_mail_exchangers(hosts);
  ASSERT_EQ(answer.hosts.size(), kMaxHosts);
  EXPECT_EQ(answer.hosts[kMaxHosts - 3].preference, 10);
  EXPECT_EQ(answer.hosts[kMaxHosts - 2].host, "backup.example");
  EXPECT_EQ(answer.hosts.back().host, "last.example");
}

TEST(RemoveSelf, DropsOurselvesAndAllThatAreNotBetter) {
  std::vector<MxHost> hosts{
      {5, "a.example"}, {10, "b.example"}, {10, "us.example"}, {20, "c.example"}};
  remove_self(hosts, "US.example");
  EXPECT_EQ(hosts, (std::vector<MxHost>{{5, "a.example"}}));
}

TEST(RemoveSelf, LeavesNothingWhenWeAreTheBest) {
  std::vector<MxHost> hosts{{5, "us.example"}, {5, "a.example"}, {10, "b.example"}};
  remove_self(hosts, "us.example");
  EXPECT_TRUE(hosts.empty());
}

TEST(RemoveSelf, CountsOurBestPreference) {
  std::vector<MxHost> hosts{{5, "us.example"}, {7, "a.example"}, {10, "us.example"}};
  remove_self(hosts, "us.example");
  EXPECT_TRUE(hosts.empty());
}

TEST(RemoveSelf, LeavesOthersAlone) {
  std::vector<MxHost> hosts{{5, "a.example"}, {10, "b.example"}};
  remove_self(hosts, "us.example");
  EXPECT_EQ(hosts.size(), 2U);
}

}  // namespace
}  // namespace signpost::dns
