#include "delivery/host_walk.h"

#include "config/next_hop_url.h"
#include "tests/delivery/scripted_resolver.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using Places = std::vector<std::string>;

NextHop exchangers(std::vector<NextHop::Host> hosts) {
  NextHop hop;
  hop.hosts = std::move(hosts);
  return hop;
}

NextHop routed(const std::vector<std::string>& via) {
  NextHop hop;
  hop.mx = false;
  for (const std::string& each : via) {
    hop.via.push_back({.to = config::parse_next_hop(each).value()});
    hop.hosts.push_back({hop.via.back().to.host, 0});
  }
  return hop;
}

class HostWalkTest : public testing::Test {
 protected:
  void begin(NextHop hop, std::uint64_t seed = 1) {
    Random random(seed);
    found_.clear();
    skipped_.clear();
    exhausted_.reset();
    walk_ = std::make_unique<HostWalk>(
        loop_, resolver_, random, std::move(hop),
        HostWalk::Listener{
            .forbidden =
                [this](const std::string&, const net::SocketAddress& address) {
                  const auto why = forbidden_.find(address.ip.text());
                  return why == forbidden_.end() ? std::nullopt : std::optional(why->second);
                },
            .standing =
                [this](const net::SocketAddress& address) {
                  return dead_.contains(address.ip.text()) ? Standing::Dead : Standing::Good;
                },
            .skipped = [this](const std::string& host,
                              const Disposition&) { skipped_.push_back(host); },
            .found = [this](HostWalk::Target target) { found_.push_back(std::move(target)); },
            .exhausted = [this](Disposition why) { exhausted_ = std::move(why); }});
  }
  // All targets, until there are no more.
  Places walk(NextHop hop, std::uint64_t seed = 1) {
    begin(std::move(hop), seed);
    while (!exhausted_) {
      walk_->next();
      run_deferred();
    }
    Places places;
    for (const HostWalk::Target& target : found_) places.push_back(target.place());
    return places;
  }
  void run_deferred() {
    test::run_deferred(loop_);
    resolver_.answer_all();
  }
  std::string why() const { return exhausted_->reply.one_line(); }

  net::Loop loop_;
  test::ScriptedResolver resolver_;
  std::map<std::string, Disposition> forbidden_;  // addresses
  std::set<std::string> dead_;
  Places skipped_;  // hosts
  std::vector<HostWalk::Target> found_;
  std::optional<Disposition> exhausted_;
  std::unique_ptr<HostWalk> walk_;
};

TEST_F(HostWalkTest, HostsComeByRankAndAreLookedUpWhenTheirTurnComes) {
  resolver_.knows_address("mx1.example", "192.0.2.1");
  resolver_.knows_address("mx2.example", "192.0.2.2");
  begin(exchangers({{"mx1.example", 0}, {"mx2.example", 1}}));
  walk_->next();
  EXPECT_TRUE(found_.empty()) << "from within next()";
  run_deferred();
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].host, "mx1.example");
  EXPECT_EQ(found_[0].place(), "192.0.2.1:25");
  EXPECT_EQ(resolver_.asked, (Places{"mx1.example", "mx1.example"}));  // AAAA and A
  walk_->next();
  run_deferred();
  ASSERT_EQ(found_.size(), 2U);
  EXPECT_EQ(found_[1].place(), "192.0.2.2:25");
  EXPECT_EQ(found_[1].rank, 1U);
  walk_->next();
  run_deferred();
  EXPECT_TRUE(exhausted_);
}

TEST_F(HostWalkTest, TheNumbersThatItIsGivenDecideBetweenHostsOfOneRank) {
  resolver_.knows_address("mx1.example", "192.0.2.1");
  resolver_.knows_address("mx2.example", "192.0.2.2");
  std::set<Places> orders;
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    const NextHop hop = exchangers({{"mx1.example", 0}, {"mx2.example", 0}});
    const Places order = walk(hop, seed);
    EXPECT_EQ(walk(hop, seed), order);
    orders.insert(order);
  }
  EXPECT_EQ(orders,
            (std::set<Places>{{"192.0.2.1:25", "192.0.2.2:25"}, {"192.0.2.2:25", "192.0.2.1:25"}}));
}

TEST_F(HostWalkTest, AnAddressIsNotLookedUp) {
  EXPECT_EQ(walk(exchangers({{"192.0.2.7", 0}})), Places{"192.0.2.7:25"});
  EXPECT_EQ(walk(routed({"smtp://[2001:db8::7]:2525"})), Places{"[2001:db8::7]:2525"});
  EXPECT_TRUE(resolver_.asked.empty());
}

TEST_F(HostWalkTest, ARouteHasItsPortsAndTheHopsOfWeightZeroLast) {
  resolver_.knows_address("a.example", "192.0.2.1");
  resolver_.knows_address("b.example", "192.0.2.2");
  NextHop hop = routed({"smtps://a.example", "smtp://b.example:587"});
  hop.via[0].to.weight = 0;
  EXPECT_EQ(walk(hop), (Places{"192.0.2.2:587", "192.0.2.1:465"}));
  EXPECT_EQ(found_[0].via->to.host, "b.example");
  EXPECT_EQ(found_[1].via->to.host, "a.example");
}

TEST_F(HostWalkTest, ASocketOfThisMachineNeedsNoAddress) {
  EXPECT_EQ(walk(routed({"lmtp:unix:/run/dovecot/lmtp"})), Places{"unix:/run/dovecot/lmtp"});
  EXPECT_TRUE(found_[0].is_local());
  EXPECT_TRUE(resolver_.asked.empty());
}

TEST_F(HostWalkTest, WhatTheDnsProvesGoesWithTheTarget) {
  resolver_.knows_address("mx1.example", "192.0.2.1", true);
  resolver_.knows_address("mx2.example", "192.0.2.2", false);
  (void)walk(exchangers({{"mx1.example", 0}, {"mx2.example", 1}}));
  EXPECT_TRUE(found_[0].security.addresses_authenticated);
  EXPECT_FALSE(found_[1].security.addresses_authenticated);
  EXPECT_FALSE(found_[0].security.mx_authenticated);
  (void)walk(routed({"smtp://mx2.example"}));
  EXPECT_TRUE(found_[0].security.mx_authenticated);  // the configuration names the host
}

const net::TlsaRecord kRecord{3, 1, 1, std::string(32, 'x')};
const net::TlsaRecord kUnusable{1, 1, 1, std::string(32, 'x')};

TEST_F(HostWalkTest, AProvenHostIsHeldToItsTlsaRecords) {
  resolver_.knows_address("mx.example", "192.0.2.1", true);
  resolver_.has_tlsa("_25._tcp.mx.example", {kRecord});
  (void)walk(exchangers({{"mx.example", 0}}));
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].tls.trust, net::TlsTrust::Dane);
  EXPECT_EQ(found_[0].tls.on_failure, TlsRequirement::OnFailure::NextHost);
  EXPECT_EQ(found_[0].tls.expected.tlsa, std::vector{kRecord});
  EXPECT_EQ(found_[0].tls.expected.server_name, "mx.example");
}

TEST_F(HostWalkTest, ARouteIsHeldToTheRecordsOfItsPort) {
  resolver_.knows_address("a.example", "192.0.2.1", true);
  resolver_.has_tlsa("_465._tcp.a.example", {kRecord});
  (void)walk(routed({"smtps://a.example", "smtp://a.example:587"}));
  ASSERT_EQ(found_.size(), 2U);
  for (const HostWalk::Target& target : found_) {
    EXPECT_EQ(target.tls.trust == net::TlsTrust::Dane, target.address.port == 465);
  }
}

TEST_F(HostWalkTest, NothingIsAskedWhereDnssecProvesNoAddress) {
  resolver_.knows_address("mx.example", "192.0.2.1", false);
  resolver_.has_tlsa("_25._tcp.mx.example", {kRecord});
  (void)walk(exchangers({{"mx.example", 0}}));
  EXPECT_EQ(resolver_.asked.size(), 2U);  // AAAA and A
  EXPECT_EQ(found_[0].tls.trust, net::TlsTrust::None);
}

TEST_F(HostWalkTest, NothingIsAskedWhereNobodyWantsToKnow) {
  resolver_.knows_address("mx.example", "192.0.2.1", true);
  resolver_.has_tlsa("_25._tcp.mx.example", {kRecord});
  NextHop hop = exchangers({{"mx.example", 0}});
  hop.dane = false;
  (void)walk(hop);
  EXPECT_EQ(found_[0].tls.trust, net::TlsTrust::None);
  hop.dane = true;
  hop.tls = config::TlsPolicy::Off;
  (void)walk(hop);
  EXPECT_EQ(found_[0].tls.starttls, smtp::TlsUse::Off);
  EXPECT_EQ(resolver_.asked.size(), 4U);
  hop.tls = config::TlsPolicy::Opportunistic;
  resolver_.knows_address("mx.example", "192.0.2.1", false);
  resolver_.is_alias("mx.example", "all.example");
  resolver_.validates = false;
  (void)walk(hop);
  EXPECT_EQ(resolver_.asked.size(), 6U) << "what no answer could prove";
}

TEST_F(HostWalkTest, TheEndOfItsAliasesComesBeforeTheHostItself) {
  resolver_.knows_address("mx.example", "192.0.2.1", true);
  resolver_.is_alias("mx.example", "all.example");
  resolver_.has_tlsa("_25._tcp.mx.example", {kRecord});
  (void)walk(exchangers({{"mx.example", 0}}));
  EXPECT_EQ(found_[0].tls.expected.server_name, "mx.example");
  EXPECT_EQ(resolver_.asked,
            (Places{"mx.example", "mx.example", "_25._tcp.all.example", "_25._tcp.mx.example"}));
  resolver_.has_tlsa("_25._tcp.all.example", {kRecord});
  (void)walk(exchangers({{"mx.example", 0}}));
  EXPECT_EQ(found_[0].tls.expected.server_name, "all.example");
  EXPECT_EQ(found_[0].tls.expected.names, (Places{"all.example", "mx.example"}));
  resolver_.has_tlsa("_25._tcp.all.example", {kUnusable});
  (void)walk(exchangers({{"mx.example", 0}}));
  EXPECT_EQ(found_[0].tls.trust, net::TlsTrust::Unverified) << "they count, though none is usable";
}

TEST_F(HostWalkTest, AProvenAliasOfAnUnprovenHostMayHaveRecords) {
  resolver_.knows_address("mx.example", "192.0.2.1", false);
  resolver_.is_alias("mx.example", "cloud.test");
  resolver_.has_tlsa("_25._tcp.mx.example", {kRecord});
  resolver_.has_tlsa("_25._tcp.cloud.test", {kRecord});
  resolver_.knows(dns::RecordType::Cname, "mx.example", dns::Aliases{{"cloud.test"}}, true);
  (void)walk(exchangers({{"mx.example", 0}}));
  EXPECT_EQ(found_[0].tls.trust, net::TlsTrust::Dane);
  EXPECT_EQ(found_[0].tls.expected.server_name, "mx.example");
  resolver_.knows(dns::RecordType::Cname, "mx.example", dns::Aliases{{"cloud.test"}}, false);
  (void)walk(exchangers({{"mx.example", 0}}));
  EXPECT_EQ(found_[0].tls.trust, net::TlsTrust::None);
}

TEST_F(HostWalkTest, AHostWhoseRecordsCannotBeLookedUpIsSkipped) {
  resolver_.knows_address("mx1.example", "192.0.2.1", true);
  resolver_.fails_for("_25._tcp.mx1.example");
  EXPECT_TRUE(walk(exchangers({{"mx1.example", 0}})).empty());
  EXPECT_EQ(exhausted_->outcome, Outcome::Delayed);
  EXPECT_EQ(why(), "4.4.3 looking up the TLSA records of _25._tcp.mx1.example failed: SERVFAIL");
  EXPECT_EQ(skipped_, Places{"mx1.example"});
  resolver_.knows_address("mx2.example", "192.0.2.2");
  EXPECT_EQ(walk(exchangers({{"mx1.example", 0}, {"mx2.example", 1}})), Places{"192.0.2.2:25"});
}

TEST_F(HostWalkTest, AnAliasThatCannotBeLookedUpIsSkipped) {
  resolver_.knows_address("mx.example", "192.0.2.1", false);
  resolver_.is_alias("mx.example", "cloud.test");
  begin(exchangers({{"mx.example", 0}}));
  walk_->next();
  run_deferred();
  ASSERT_EQ(found_.size(), 1U) << "no such record";
  resolver_.fails_with(dns::RecordType::Cname, "mx.example");
  EXPECT_TRUE(walk(exchangers({{"mx.example", 0}})).empty());
  EXPECT_EQ(skipped_, Places{"mx.example"});
}

TEST_F(HostWalkTest, AWalkMayEndDuringTheLookUpOfRecords) {
  resolver_.knows_address("mx.example", "192.0.2.1", true);
  resolver_.has_tlsa("_25._tcp.mx.example", {kRecord});
  begin(exchangers({{"mx.example", 0}}));
  walk_->next();
  test::run_deferred(loop_);
  resolver_.answer(2);  // the addresses
  walk_.reset();
  resolver_.answer_all();
  EXPECT_TRUE(found_.empty());
}

TEST_F(HostWalkTest, DeadAddressesComeLastOfAll) {
  resolver_.knows_address("mx1.example", "192.0.2.1");
  resolver_.knows_address("mx2.example", "192.0.2.2");
  dead_ = {"192.0.2.1"};
  EXPECT_EQ(walk(exchangers({{"mx1.example", 0}, {"mx2.example", 1}})),
            (Places{"192.0.2.2:25", "192.0.2.1:25"}));
  EXPECT_GT(found_[1].rank, found_[0].rank);
}

TEST_F(HostWalkTest, ADomainWithoutAnyServerIsFinal) {
  NextHop hop = exchangers({{"a.example", 0}});
  hop.implicit = true;
  EXPECT_TRUE(walk(hop).empty());
  EXPECT_EQ(exhausted_->outcome, Outcome::Failed);
  EXPECT_EQ(why(), "5.4.4 a.example has no mail server: neither MX nor address records");
}

TEST_F(HostWalkTest, AnExchangerWithoutAddressMayBeCorrected) {
  EXPECT_TRUE(walk(exchangers({{"mx.example", 0}})).empty());
  EXPECT_EQ(exhausted_->outcome, Outcome::Delayed);
  EXPECT_EQ(why(), "4.4.4 the mail server mx.example has no address");
}

TEST_F(HostWalkTest, ALookUpThatFailsIsToldBeforeAllElse) {
  resolver_.fails_for("mx1.example");
  EXPECT_TRUE(walk(exchangers({{"mx1.example", 0}, {"mx2.example", 1}})).empty());
  EXPECT_EQ(exhausted_->outcome, Outcome::Delayed);
  EXPECT_EQ(why(), "4.4.3 looking up the address of mx1.example failed: SERVFAIL");
}

TEST_F(HostWalkTest, ForbiddenAddressesAreSkippedAndAPassingReasonIsTold) {
  resolver_.knows_address("mx1.example", "192.0.2.1");
  resolver_.knows_address("mx2.example", "192.0.2.2");
  resolver_.knows_address("mx3.example", "192.0.2.3");
  const NextHop hop = exchangers({{"mx1.example", 0}, {"mx2.example", 1}, {"mx3.example", 2}});
  forbidden_["192.0.2.1"] = local(Outcome::Failed, {5, 4, 6}, "private");
  EXPECT_EQ(walk(hop), (Places{"192.0.2.2:25", "192.0.2.3:25"}));
  forbidden_["192.0.2.2"] = local(Outcome::Delayed, {4, 4, 4}, "our own for now");
  forbidden_["192.0.2.3"] = forbidden_["192.0.2.1"];
  EXPECT_TRUE(walk(hop).empty());
  EXPECT_EQ(why(), "4.4.4 our own for now");
}

TEST_F(HostWalkTest, NothingIsSaidOfAWalkThatIsGone) {
  resolver_.knows_address("mx1.example", "192.0.2.1");
  begin(exchangers({{"mx1.example", 0}}));
  walk_->next();
  walk_.reset();
  run_deferred();
  begin(exchangers({{"mx1.example", 0}}));
  walk_->next();
  test::run_deferred(loop_);  // it has asked
  walk_.reset();
  resolver_.answer_all();
  EXPECT_TRUE(found_.empty());
  EXPECT_FALSE(exhausted_);
}

}  // namespace
}  // namespace signpost::delivery
