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
  std::string refusal(const std::string& certificate, const std::string& key) {
    const auto context = TlsServerContext::load(certificate, key, TlsVersion::Tls12);
    if (context) return "";
    EXPECT_EQ(context.error().code, Errc::InvalidArgument);
    return context.error().detail;
  }
  TemporaryDirectory directory_;
  TestCertificate pair_ = make_certificate({"DNS:mail.example"});
};

TEST_F(TlsContextTest, TakesACertificateWithItsKey) {
  EXPECT_EQ(
      refusal(directory_.write("cert", pair_.certificate), directory_.write("key", pair_.key)), "");
}

TEST_F(TlsContextTest, NamesTheFileThatIsMissing) {
  const std::string key = directory_.write("key", pair_.key);
  const std::string certificate = directory_.write("cert", pair_.certificate);
  const std::string missing = directory_.file("missing");
  EXPECT_NE(refusal(missing, key).find(missing), std::string::npos);
  EXPECT_NE(refusal(certificate, missing).find(missing), std::string::npos);
  EXPECT_NE(refusal(missing, key).find("No such file"), std::string::npos) << refusal(missing, key);
}

TEST_F(TlsContextTest, RefusesAKeyOfAnotherCertificate) {
  const TestCertificate other = make_certificate({"DNS:other.example"});
  const std::string key = directory_.write("key", other.key);
  EXPECT_NE(refusal(directory_.write("cert", pair_.certificate), key).find(key), std::string::npos);
}

TEST_F(TlsContextTest, RefusesWhatIsNotPem) {
  const std::string junk = directory_.write("junk", "not a certificate");
  EXPECT_NE(refusal(junk, directory_.write("key", pair_.key)).find(junk), std::string::npos);
}

TEST_F(TlsContextTest, ClientTakesTheSystemsTrustStoreOrAFile) {
  EXPECT_TRUE(TlsClientContext::create());
  EXPECT_TRUE(TlsClientContext::create(directory_.write("ca", pair_.certificate)));
  const std::string missing = directory_.file("missing");
  const auto refused = TlsClientContext::create(missing);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find(missing), std::string::npos);
}

}  // namespace
}  // namespace signpost::net
