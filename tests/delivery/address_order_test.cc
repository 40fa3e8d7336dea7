#include "delivery/address_order.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using Hosts = std::vector<NextHop::Host>;
using Records = std::map<std::string, std::vector<std::string>>;
using Addresses = std::vector<std::string>;

Addresses numbered(const std::string& network, std::size_t count) {
  Addresses addresses;
  for (std::size_t i = 1; i <= count; ++i) addresses.push_back(network + std::to_string(i));
  return addresses;
}

// What is tried if nothing of it answers.
Addresses walk(Hosts hosts, const Records& records, const std::set<std::string>& dead = {},
               const std::set<std::string>& slow = {}) {
  AddressOrder order(std::move(hosts));
  Addresses tried;
  for (;;) {
    const AddressOrder::Step step = order.next();
    if (step.target) {
      tried.push_back(step.target->address.text());
      EXPECT_FALSE(step.ask);
    } else if (!step.ask) {
      return tried;
    } else if (records.contains(*step.ask)) {
      for (const std::string& each : records.at(*step.ask)) {
        order.add({*step.ask, *net::IpAddress::parse(each), {}, order.rank()},
                  dead.contains(each)   ? Standing::Dead
                  : slow.contains(each) ? Standing::Slow
                                        : Standing::Good);
      }
    }
  }
}

TEST(AddressOrder, TriesHostsByRankWithAllTheirAddresses) {
  EXPECT_EQ(walk({{"a", 0}, {"b", 0}, {"c", 1}},
                 {{"a", {"192.0.2.1", "192.0.2.2"}}, {"b", {"192.0.2.3"}}, {"c", {"192.0.2.4"}}}),
            (Addresses{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}));
}

TEST(AddressOrder, TakesTheFamiliesInTurn) {
  EXPECT_EQ(walk({{"a", 0}, {"b", 0}},
                 {{"a", {"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"}},
                  {"b", {"2001:db8::4", "192.0.2.4"}}}),
            (Addresses{"2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3",
                       "192.0.2.4", "2001:db8::4"}));
}

TEST(AddressOrder, SlowAddressesAreTheLastOfTheirRank) {
  EXPECT_EQ(walk({{"a", 0}, {"b", 0}, {"c", 1}},
                 {{"a", {"192.0.2.1", "192.0.2.2"}}, {"b", {"192.0.2.3"}}, {"c", {"192.0.2.4"}}},
                 {"192.0.2.2"}, {"192.0.2.1"}),
            (Addresses{"192.0.2.3", "192.0.2.1", "192.0.2.4", "192.0.2.2"}));
  EXPECT_EQ(walk({{"a", 0}}, {{"a", {"192.0.2.1"}}}, {}, {"192.0.2.1"}), (Addresses{"192.0.2.1"}));
}

TEST(AddressOrder, NamesTheHostOfEachAddress) {
  AddressOrder order({{"a", 0}});
  EXPECT_EQ(order.next().ask, "a");
  order.add({"a", *net::IpAddress::parse("192.0.2.1"), {.addresses_authenticated = true}},
            Standing::Good);
  const AddressOrder::Step step = order.next();
  ASSERT_TRUE(step.target);
  EXPECT_EQ(step.target->host, "a");
  EXPECT_TRUE(step.target->security.addresses_authenticated);
}

TEST(AddressOrder, ReachesTheBackupHoweverManyAddressesTheFirstHostHas) {
  const Addresses tried =
      walk({{"first", 0}, {"backup", 1}},
           {{"first", numbered("192.0.2.", 30)}, {"backup", {"198.51.100.1", "198.51.100.2"}}});
  EXPECT_EQ(tried.size(), AddressOrder::kMostTargets);
  EXPECT_EQ(tried.back(), "198.51.100.1");
}

TEST(AddressOrder, ReachesTheBackupHoweverManyHostsTheFirstRankHas) {
  Hosts hosts;
  Records records;
  for (int i = 1; i <= 15; ++i) {
    const std::string name = "host" + std::to_string(i);
    hosts.push_back({name, 0});
    records[name] = {"192.0.2." + std::to_string(i)};
  }
  hosts.push_back({"backup", 1});
  records["backup"] = {"198.51.100.1"};
  const Addresses tried = walk(hosts, records);
  EXPECT_EQ(tried.size(), AddressOrder::kMostTargets);
  EXPECT_EQ(tried.back(), "198.51.100.1");
}

TEST(AddressOrder, EachOfManyRanksGetsATry) {
  Hosts hosts;
  Records records;
  for (unsigned i = 0; i < 20; ++i) {
    const std::string name = "host" + std::to_string(i);
    hosts.push_back({name, i});
    records[name] = {"192.0.2." + std::to_string(i + 1), "198.51.100." + std::to_string(i + 1)};
  }
  EXPECT_EQ(walk(hosts, records), numbered("192.0.2.", 20));
}

TEST(AddressOrder, ARankWithoutAddressesLeavesItsTriesToTheOthers) {
  EXPECT_EQ(walk({{"nothing", 0}, {"a", 1}}, {{"a", numbered("192.0.2.", 12)}}),
            numbered("192.0.2.", 10));
}

TEST(AddressOrder, TriesWhatWasDeadLatelyAfterAllOthers) {
  EXPECT_EQ(walk({{"a", 0}, {"b", 1}},
                 {{"a", {"192.0.2.1", "192.0.2.2"}}, {"b", {"192.0.2.3", "192.0.2.4"}}},
                 {"192.0.2.1", "192.0.2.3"}),
            (Addresses{"192.0.2.2", "192.0.2.4", "192.0.2.1", "192.0.2.3"}));
}

TEST(AddressOrder, TriesWhatWasDeadIfThereIsNothingElse) {
  const Addresses all = numbered("192.0.2.", 30);
  EXPECT_EQ(walk({{"a", 0}}, {{"a", all}}, {all.begin(), all.end()}), numbered("192.0.2.", 10));
}

// The attempt after one that found nine dead addresses.
TEST(AddressOrder, DeadAddressesDoNotUseUpTheTriesOfOthers) {
  const Addresses all = numbered("192.0.2.", 12);
  const Addresses tried =
      walk({{"first", 0}, {"backup", 1}}, {{"first", all}, {"backup", {"198.51.100.1"}}},
           {all.begin(), all.begin() + 9});
  EXPECT_EQ(tried[3], "198.51.100.1");
  EXPECT_EQ(tried.size(), AddressOrder::kMostTargets);
}

TEST(AddressOrder, WithoutHostsThereIsNothing) { EXPECT_EQ(walk({}, {}), Addresses{}); }

}  // namespace
}  // namespace signpost::delivery
