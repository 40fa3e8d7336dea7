#include "relay/report_signing.h"

#include "base/check.h"
#include "dkim/key.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::relay {
namespace {

class ReportSigningTest : public testing::Test {
 protected:
  ReportSigningTest() {
    config.file = "/etc/signpost/signpost.toml";
    config.hostname = "mail.shop.example";
    config.postmaster = "postmaster@mail.shop.example";
  }
  void add_key(const std::string& domain) {
    auto key = dkim::PrivateKey::generate(dkim::Algorithm::Ed25519Sha256, 0);
    CHECK(key.has_value());
    dkim::SigningIdentity identity;
    identity.domain = domain;
    identity.selector = "s";
    identity.key = *key;
    keys.add(std::move(identity), false);
  }
  std::string doubt() { return unsigned_reports_doubt(config, keys).value_or(""); }

  config::Config config;
  dkim::KeyTable keys;
};

TEST_F(ReportSigningTest, AKeyOfTheDomainOrOfOneAboveItSignsThem) {
  add_key("shop.example");
  EXPECT_EQ(doubt(), "");
  config.postmaster = "office@shop.example";
  EXPECT_EQ(doubt(), "");
}

TEST_F(ReportSigningTest, UnsignedReportsBesideSignedMailAreReported) {
  add_key("other.example");
  EXPECT_EQ(doubt(),
            "reports of failed mail come from "
            "postmaster@mail.shop.example and are sent unsigned, since no [[dkim]] key is for "
            "mail.shop.example or a domain above it; set postmaster to an address in a domain with "
            "a key");
  config.unsigned_policy = config::UnsignedPolicy::Reject;
  EXPECT_TRUE(doubt().contains("applies to what clients send and does not hold reports back"));
}

TEST_F(ReportSigningTest, WithoutAnySignaturesNothingIsReported) { EXPECT_EQ(doubt(), ""); }

TEST_F(ReportSigningTest, UnsignedReportsOnTlsAreReported) {
  const auto tls_doubt = [this] { return unsigned_tls_reports_doubt(config, keys).value_or(""); };
  EXPECT_EQ(tls_doubt(), "") << "none are sent";
  config.tlsrpt.from = "tls@mail.shop.example";
  EXPECT_EQ(tls_doubt(),
            "reports on TLS come from tls@mail.shop.example and are sent unsigned, so that "
            "receivers drop them, since no [[dkim]] key is for mail.shop.example or a domain above "
            "it");
  add_key("other.example");
  EXPECT_NE(tls_doubt(), "");
  add_key("shop.example");
  EXPECT_EQ(tls_doubt(), "");
}

}  // namespace
}  // namespace signpost::relay
