#include "net/tls.h"

#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>

namespace signpost::net {
namespace {

using test::make_certificate;
using test::TemporaryDirectory;
using test::TestCertificate;

class TlsContextTest : public ::testing::Test {
 protected:
  std::string refusal(const std::string& chain, const std::string& key) {
    const auto certificate = Certificate::from_pem(chain);
    if (!certificate) return certificate.error().detail;
    const auto context = TlsServerContext::create(**certificate, key, TlsVersion::Tls12);
    if (context) return "";
    EXPECT_EQ(context.error().code, Errc::InvalidArgument);
    return context.error().detail;
  }
  TemporaryDirectory directory_;
  TestCertificate pair_ = make_certificate({"DNS:mail.example"});
  TestCertificate other_ = make_certificate({"DNS:other.example"});
};

TEST_F(TlsContextTest, TakesACertificateWithItsKey) {
  EXPECT_EQ(refusal(pair_.certificate, pair_.key), "");
  EXPECT_EQ(refusal(pair_.certificate + other_.certificate, pair_.key), "");
  EXPECT_EQ(refusal(pair_.key + pair_.certificate, pair_.certificate + pair_.key), "");
}

TEST_F(TlsContextTest, SaysWhyAKeyDoesNotFit) {
  EXPECT_EQ(refusal(pair_.certificate, other_.key),
            "is not the key of the certificate; write the key that it was issued for, or the "
            "certificate of this key");
  EXPECT_EQ(refusal(other_.certificate + pair_.certificate, pair_.key),
            "is the key of a later certificate in the chain; put that one first in the file of the "
            "certificate");
}

TEST_F(TlsContextTest, SaysWhatIsMissingOrDamaged) {
  EXPECT_TRUE(refusal("junk", pair_.key).starts_with("has no certificate in PEM;"));
  EXPECT_TRUE(refusal("", pair_.key).starts_with("has no certificate in PEM;"));
  EXPECT_TRUE(refusal(pair_.key, pair_.key).starts_with("is a key;"));
  EXPECT_TRUE(refusal(pair_.certificate, "junk").starts_with("has no private key in PEM;"));
  EXPECT_TRUE(refusal(pair_.certificate, pair_.certificate).starts_with("is a certificate;"));
  std::string cut = pair_.certificate;
  cut.erase(100, 40);
  EXPECT_TRUE(refusal(cut, pair_.key).starts_with("has a damaged certificate (number 1 "));
  EXPECT_TRUE(refusal(pair_.certificate + cut, pair_.key)
                  .starts_with("has a damaged certificate (number 2 "));
  cut = pair_.certificate.substr(0, 200);
  EXPECT_TRUE(refusal(cut, pair_.key).starts_with("is cut off: "));
  EXPECT_TRUE(refusal(pair_.certificate, pair_.key.substr(0, 200)).starts_with("is cut off: "));
  cut = pair_.key;
  cut.erase(60, 20);
  EXPECT_TRUE(
      refusal(pair_.certificate, cut).starts_with("has a private key that is damaged, or of a "));
  EXPECT_TRUE(refusal(pair_.certificate,
                      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
                      "-----END ENCRYPTED PRIVATE KEY-----\n")
                  .starts_with("has a passphrase"));
}

TEST_F(TlsContextTest, ACertificateKnowsItsNamesAndItsTime) {
  const auto certificate = Certificate::from_pem(pair_.certificate).value();
  EXPECT_EQ(certificate->names(), std::vector<std::string>{"mail.example"});
  EXPECT_TRUE(certificate->is_for("mail.example"));
  EXPECT_FALSE(certificate->is_for("other.example"));
  EXPECT_FALSE(Certificate::from_pem(make_certificate({}, "mail.example").certificate)
                   .value()
                   ->is_for("mail.example"))
      << "the common name does not count";
  EXPECT_LT(certificate->not_before(), system_now());
  EXPECT_GT(certificate->not_after(), system_now());
  EXPECT_LT(certificate->not_after(), system_now() + std::chrono::hours(25));
}

TEST_F(TlsContextTest, AClientTrustsTheSystemOrItsOwnAuthorities) {
  EXPECT_TRUE(TlsClientContext::create());
  EXPECT_TRUE(TlsClientContext::create(
      {.authorities = Certificate::from_pem(pair_.certificate).value().get()}));
}

TEST_F(TlsContextTest, AClientShowsACertificateThatItsKeyFits) {
  const auto own = Certificate::from_pem(pair_.certificate).value();
  EXPECT_TRUE(TlsClientContext::create({.certificate = own.get(), .key = pair_.key}));
  const auto other = test::make_certificate({"DNS:other.example"});
  const auto refused = TlsClientContext::create({.certificate = own.get(), .key = other.key});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("is not the key of the certificate"), std::string::npos);
}

}  // namespace
}  // namespace signpost::net
