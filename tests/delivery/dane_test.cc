#include "delivery/dane.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using Demand = Dane::Demand;
using Names = std::vector<std::string>;

const net::TlsaRecord kUsable{3, 1, 1, std::string(32, 'x')};
const net::TlsaRecord kAnother{2, 1, 1, std::string(32, 'x')};
const net::TlsaRecord kUnusable{1, 1, 1, std::string(32, 'x')};

dns::TlsaAnswer found(std::vector<net::TlsaRecord> records, bool authenticated = true) {
  return {dns::Status::Ok, std::move(records), "", authenticated};
}

TEST(Dane, UsableRecordsDemandAProof) {
  const Dane dane = dane_at("mx.example", found({kUsable}));
  EXPECT_EQ(dane.demand, Demand::Proof);
  EXPECT_EQ(dane.base_domain, "mx.example");
  EXPECT_EQ(dane.records, std::vector{kUsable});
}

TEST(Dane, UnusableRecordsAreLeftOutInWhateverOrderTheyCome) {
  const Dane dane = dane_at("mx.example", found({kUnusable, kUsable, kAnother}));
  EXPECT_EQ(dane.records, (std::vector{kAnother, kUsable}));
  EXPECT_EQ(dane, dane_at("mx.example", found({kAnother, kUsable, kUnusable})));
}

TEST(Dane, WithoutAnyThatIsUsableItDemandsEncryption) {
  EXPECT_EQ(dane_at("mx.example", found({kUnusable})), Dane{.demand = Demand::Encryption});
}

TEST(Dane, WhatIsNotProvenDemandsNothing) {
  EXPECT_EQ(dane_at("mx.example", found({kUsable}, false)), Dane{});
  EXPECT_EQ(dane_at("mx.example", found({kUnusable}, false)), Dane{});
  for (const auto status : {dns::Status::NoData, dns::Status::NxDomain}) {
    for (const bool authenticated : {false, true}) {
      EXPECT_EQ(dane_at("mx.example", {status, {}, "", authenticated}), Dane{});
    }
  }
}

TEST(Dane, AFailedLookUpIsNotTheAbsenceOfRecords) {
  const Dane dane = dane_at("mx.example", {dns::Status::Temporary, {}, "SERVFAIL", false});
  EXPECT_EQ(dane.demand, Demand::Unknown);
  EXPECT_EQ(dane.base_domain, "mx.example");
  EXPECT_EQ(dane.detail, "SERVFAIL");
}

TEST(Dane, RecordsMayBeAtTheEndOfTheAliasesAndAtTheHost) {
  dns::AddressAnswer addresses;
  addresses.authenticated = true;
  EXPECT_EQ(tlsa_base_domains("mx.example", addresses), Names{"mx.example"});
  EXPECT_FALSE(may_be_proven_alias(addresses));
  addresses.canonical = "all.example";
  EXPECT_EQ(tlsa_base_domains("mx.example", addresses), (Names{"all.example", "mx.example"}));
  EXPECT_FALSE(may_be_proven_alias(addresses));
  addresses.authenticated = false;
  EXPECT_TRUE(tlsa_base_domains("mx.example", addresses).empty());
  EXPECT_TRUE(may_be_proven_alias(addresses));
  addresses.canonical.clear();
  EXPECT_FALSE(may_be_proven_alias(addresses));
}

TEST(Dane, RecordsAreOfAPort) {
  EXPECT_EQ(tlsa_name(25, "mx.example"), "_25._tcp.mx.example");
  EXPECT_EQ(tlsa_name(587, "relay.example"), "_587._tcp.relay.example");
}

}  // namespace
}  // namespace signpost::delivery
