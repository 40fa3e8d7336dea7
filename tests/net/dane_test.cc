#include "net/dane.h"

#include "tests/net/stream_fixture.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <string>
#include <vector>

namespace signpost::net {
namespace {

using test::CertificateForm;
using test::issue_certificate;
using test::TestCertificate;

constexpr std::uint8_t kTa = 2, kEe = 3;
constexpr std::uint8_t kWhole = 0, kKey = 1;
constexpr std::uint8_t kFull = 0, kSha256 = 1, kSha512 = 2;

std::string der_of(const std::string& pem, std::uint8_t selector) {
  const auto certificate = Certificate::from_pem(pem).value();
  unsigned char* octets = nullptr;
  const int size = selector == kWhole
                       ? i2d_X509(certificate->own(), &octets)
                       : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate->own()), &octets);
  std::string der(octets, octets + size);
  OPENSSL_free(octets);
  return der;
}

std::string hash_of(const std::string& data, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  EXPECT_EQ(EVP_Digest(data.data(), data.size(), hash.data(), &size, kind, nullptr), 1);
  return {hash.begin(), hash.begin() + size};
}

// What an operator would publish for the certificate.
TlsaRecord record_of(const TestCertificate& pair, std::uint8_t usage, std::uint8_t selector,
                     std::uint8_t matching) {
  std::string data = der_of(pair.certificate, selector);
  if (matching == kSha256) data = hash_of(data, EVP_sha256());
  if (matching == kSha512) data = hash_of(data, EVP_sha512());
  return {usage, selector, matching, data};
}

TEST(IsUsable, TakesTheDaneUsagesWithDataThatFits) {
  const TestCertificate pair = test::make_certificate({"DNS:mx.example"});
  for (const std::uint8_t usage : {kTa, kEe}) {
    for (const std::uint8_t selector : {kWhole, kKey}) {
      for (const std::uint8_t matching : {kFull, kSha256, kSha512}) {
        TlsaRecord record = record_of(pair, usage, selector, matching);
        EXPECT_TRUE(is_usable(record)) << usage << selector << matching;
        record.data += 'x';
        EXPECT_FALSE(is_usable(record)) << "longer than it says";
        record.data.resize(record.data.size() - 2);
        EXPECT_FALSE(is_usable(record)) << "cut off";
        record.data.clear();
        EXPECT_FALSE(is_usable(record));
      }
    }
  }
}

TEST(IsUsable, RefusesWhatItDoesNotKnow) {
  const std::string hash(32, 'x');
  EXPECT_TRUE(is_usable({kEe, kKey, kSha256, hash}));
  for (const int usage : {0, 1, 4, 255}) {
    EXPECT_FALSE(is_usable({static_cast<std::uint8_t>(usage), kKey, kSha256, hash})) << usage;
  }
  for (const int selector : {2, 255}) {
    EXPECT_FALSE(is_usable({kEe, static_cast<std::uint8_t>(selector), kSha256, hash})) << selector;
  }
  for (const int matching : {3, 255}) {
    EXPECT_FALSE(is_usable({kEe, kKey, static_cast<std::uint8_t>(matching), hash})) << matching;
  }
  EXPECT_FALSE(
      is_usable({kEe, kKey, kFull, der_of(test::make_certificate({}).certificate, kWhole)}))
      << "a certificate where the key should be";
}

// A server whose chain is that of an authority, and a client that trusts no authority.
class DaneTlsTest : public StreamFixture {
 protected:
  // `form`: of the server's own certificate; `shows`: whether the authority is in its chain.
  void trust(const TestCertificate& authority) {
    const auto authorities = Certificate::from_pem(authority.certificate).value();
    client_context_ = TlsClientContext::create({.authorities = authorities.get()}).value();
  }
  void serve(CertificateForm form, bool shows = true) {
    authority_ = issue_certificate({.common_name = "an authority", .is_authority = true});
    form.issuer = &authority_;
    own_ = issue_certificate(form);
    const std::string chain = own_.certificate + (shows ? authority_.certificate : "");
    server_context_ =
        TlsServerContext::create(*Certificate::from_pem(chain).value(), own_.key, TlsVersion::Tls12)
            .value();
    trust(test::make_certificate({}, "another"));
  }
  TlsFacts facts_by(std::vector<TlsaRecord> records,
                    std::vector<std::string> names = {"mx.example"},
                    const TlsTicket* resumed = nullptr) {
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
    secure_pair({"mx.example", std::move(names), std::move(records)}, resumed);
    return *client_.facts;
  }
  TlsaRecord own(std::uint8_t usage, std::uint8_t selector = kKey,
                 std::uint8_t matching = kSha256) const {
    return record_of(own_, usage, selector, matching);
  }
  TlsaRecord of_authority(std::uint8_t selector = kKey, std::uint8_t matching = kSha256) const {
    return record_of(authority_, kTa, selector, matching);
  }

  TestCertificate authority_;
  TestCertificate own_;
};

const CertificateForm kGood{.names = {"DNS:mx.example"}};
const CertificateForm kExpired{.names = {"DNS:mx.example"}, .first_day = -9, .last_day = -2};
const CertificateForm kOther{.names = {"DNS:other.example"}};

TEST_F(DaneTlsTest, EachKindOfRecordProvesTheServer) {
  serve(kGood);
  for (const std::uint8_t selector : {kWhole, kKey}) {
    for (const std::uint8_t matching : {kFull, kSha256, kSha512}) {
      SCOPED_TRACE(testing::Message() << int{selector} << " " << int{matching});
      EXPECT_EQ(facts_by({own(kEe, selector, matching)}).trust, TlsTrust::Dane);
      const TlsFacts facts = facts_by({of_authority(selector, matching)});
      EXPECT_EQ(facts.trust, TlsTrust::Dane) << facts.trust_error;
      EXPECT_EQ(facts.fault, TlsFault::None);
    }
  }
}

TEST_F(DaneTlsTest, OneOfTheRecordsIsEnough) {
  serve(kGood);
  const TlsaRecord stale{kEe, kKey, kSha256, std::string(32, 'x')};
  const TlsaRecord unusable{1, kKey, kSha256, std::string(32, 'x')};
  EXPECT_EQ(facts_by({stale, unusable, own(kEe)}).trust, TlsTrust::Dane);
  EXPECT_EQ(facts_by({stale, of_authority()}).trust, TlsTrust::Dane);
}

TEST_F(DaneTlsTest, SaysThatNoRecordFits) {
  serve(kGood);
  const TlsaRecord stale{kEe, kKey, kSha256, std::string(32, 'x')};
  for (const TlsaRecord& record : {stale, TlsaRecord{kTa, kKey, kSha256, stale.data}}) {
    const TlsFacts facts = facts_by({record});
    EXPECT_EQ(facts.trust, TlsTrust::Unverified);
    EXPECT_EQ(facts.fault, TlsFault::NotTrusted);
    EXPECT_NE(facts.trust_error, "");
  }
}

TEST_F(DaneTlsTest, NothingElseProvesItWhereThereAreRecords) {
  serve(kGood);
  trust(authority_);
  EXPECT_EQ(facts_by({}).trust, TlsTrust::Pkix);
  EXPECT_EQ(facts_by({{kEe, kKey, kSha256, std::string(32, 'x')}}).trust, TlsTrust::Unverified);
  const TlsFacts facts = facts_by({{1, kKey, kSha256, std::string(32, 'x')}});
  EXPECT_EQ(facts.trust, TlsTrust::Unverified);
  EXPECT_EQ(facts.trust_error, "no usable TLSA record");
}

TEST_F(DaneTlsTest, DaneEeHeedsNeitherTimeNorNames) {
  serve(kExpired);
  EXPECT_EQ(facts_by({own(kEe)}).trust, TlsTrust::Dane);
  serve(kOther);
  EXPECT_EQ(facts_by({own(kEe)}).trust, TlsTrust::Dane);
}

TEST_F(DaneTlsTest, DaneTaHeedsTimeAndNames) {
  serve(kExpired);
  TlsFacts facts = facts_by({of_authority()});
  EXPECT_EQ(facts.trust, TlsTrust::Unverified);
  EXPECT_EQ(facts.fault, TlsFault::Expired);
  serve(kOther);
  facts = facts_by({of_authority()});
  EXPECT_EQ(facts.trust, TlsTrust::Unverified);
  EXPECT_EQ(facts.fault, TlsFault::NameMismatch);
  EXPECT_EQ(facts_by({of_authority()}, {"mx.example", "other.example"}).trust, TlsTrust::Dane);
}

TEST_F(DaneTlsTest, AnAuthorityMustBeShownUnlessTheRecordHasIt) {
  serve(kGood, false);
  EXPECT_EQ(facts_by({of_authority(kKey, kSha256)}).trust, TlsTrust::Unverified);
  EXPECT_EQ(facts_by({of_authority(kWhole, kFull)}).trust, TlsTrust::Dane);
  EXPECT_EQ(facts_by({own(kEe)}).trust, TlsTrust::Dane);
}

TEST_F(DaneTlsTest, AContinuedSessionKeepsItsProof) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool by_authority : {false, true}) {
      serve(kGood);
      SSL_CTX* const context = server_context_->handle();
      SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
      SSL_CTX_set_num_tickets(context, 2);
      SSL_CTX_set_max_proto_version(context, version);
      const std::vector<TlsaRecord> records{by_authority ? of_authority() : own(kEe)};
      EXPECT_EQ(facts_by(records).trust, TlsTrust::Dane);
      run_until([this] { return !client_.tickets.empty(); });
      const TlsTicket ticket = client_.tickets.front();
      const TlsFacts facts = facts_by(records, {"mx.example"}, &ticket);
      EXPECT_TRUE(facts.resumed);
      EXPECT_EQ(facts.trust, TlsTrust::Dane) << facts.trust_error;
    }
  }
}

// As the caller's policy would not: the session of a handshake that proved nothing.
TEST_F(DaneTlsTest, AContinuedSessionGainsNoProof) {
  serve(kGood);
  SSL_CTX_clear_options(server_context_->handle(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(server_context_->handle(), 2);
  const std::vector<TlsaRecord> stale{{kEe, kKey, kSha256, std::string(32, 'x')}};
  EXPECT_EQ(facts_by(stale).trust, TlsTrust::Unverified);
  run_until([this] { return !client_.tickets.empty(); });
  const TlsTicket ticket = client_.tickets.front();
  const TlsFacts facts = facts_by(stale, {"mx.example"}, &ticket);
  EXPECT_TRUE(facts.resumed);
  EXPECT_EQ(facts.trust, TlsTrust::Unverified);
}

}  // namespace
}  // namespace signpost::net
