// The examples of RFC 6376 and RFC 8463: tests/vectors/dkim/README.md.
#include "base/base64.h"
#include "dkim/signature_hash.h"
#include "dkim/tag_list.h"
#include "dkim/verifier.h"
#include "tests/dkim/test_keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::dkim {
namespace {

using message::HeaderSection;

std::string file(const std::string& name) {
  std::ifstream in(std::string(SIGNPOST_VECTORS "/") + name, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

std::optional<std::string> published(std::string_view name) {
  std::ifstream in(SIGNPOST_VECTORS "/records");
  for (std::string line; std::getline(in, line);) {
    const std::size_t tab = line.find('\t');
    if (line.substr(0, tab) == name) return line.substr(tab + 1);
  }
  return std::nullopt;
}

constexpr SystemTime kNow{std::chrono::seconds(1'767'225'600)};

TEST(Rfc6376, AppendixAVerifies) {
  const std::string content = file("rfc6376-appendix-a.eml");
  const auto results = verify(HeaderSection::parse(content), published, kNow);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].verdict, Verdict::Pass) << results[0].reason;
  EXPECT_EQ(results[0].domain, "example.com");
  EXPECT_EQ(results[0].selector, "brisbane");
}

TEST(Rfc8463, AppendixAVerifies) {
  const std::string content = file("rfc8463-appendix-a.eml");
  const auto results = verify(HeaderSection::parse(content), published, kNow);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].algorithm, "ed25519-sha256");
  EXPECT_EQ(results[0].verdict, Verdict::Pass) << results[0].reason;
  EXPECT_EQ(results[1].algorithm, "rsa-sha256");
  EXPECT_EQ(results[1].verdict, Verdict::Pass) << results[1].reason;
}

TEST(Rfc8463, TheKeysHaveTheRecordsOfAppendixA2) {
  const auto ed25519 = PrivateKey::from_pem(file("rfc8463-ed25519.pem"));
  const auto rsa = PrivateKey::from_pem(file("rfc8463-rsa.pem"));
  ASSERT_TRUE(ed25519 && rsa);
  EXPECT_EQ(record_text(**ed25519), published("brisbane._domainkey.football.example.com"));
  EXPECT_EQ(record_text(**rsa), published("test._domainkey.football.example.com"));
}

// Both algorithms are deterministic: the RFC's keys over the RFC's fields make the RFC's
// signatures.
TEST(Rfc8463, TheSignaturesOfAppendixA3AreMadeAgain) {
  const std::string content = file("rfc8463-appendix-a.eml");
  const auto header = HeaderSection::parse(content);
  const char* const keys[] = {"rfc8463-ed25519.pem", "rfc8463-rsa.pem"};
  const std::vector<std::string_view> names = {"from",       "to",   "subject", "date",
                                               "message-id", "from", "subject", "date"};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& field = header.fields()[i];
    const auto tags = TagList::parse(field.value);
    ASSERT_TRUE(tags);
    EXPECT_EQ(base64::encode(view(hash_body(Canonicalization::Relaxed, header.body()).digest)),
              tags->find("bh"));
    const std::string unsigned_field(field.raw.substr(0, field.raw.find(" b=") + 3));
    const auto digest =
        hash_header(Canonicalization::Relaxed, FieldIndex(header), names, unsigned_field);
    const auto key = PrivateKey::from_pem(file(keys[i]));
    ASSERT_TRUE(key);
    EXPECT_EQ(base64::encode(*(*key)->sign(view(digest))), without_white_space(*tags->find("b")));
  }
}

// The whole signer with the RFC's keys on the RFC's message.
TEST(Rfc8463, OurSignaturesWithItsKeysVerify) {
  std::string content = file("rfc8463-appendix-a.eml");
  content.erase(0, content.find("\r\nFrom:") + 2);
  std::vector<SigningIdentity> identities;
  identities.push_back(identity("football.example.com", "brisbane",
                                *PrivateKey::from_pem(file("rfc8463-ed25519.pem"))));
  identities.push_back(
      identity("football.example.com", "test", *PrivateKey::from_pem(file("rfc8463-rsa.pem"))));
  const auto fields = sign(identities, HeaderSection::parse(content), kNow);
  ASSERT_TRUE(fields);
  const std::string whole = *fields + content;
  for (const auto& result : verify(HeaderSection::parse(whole), published, kNow)) {
    EXPECT_EQ(result.verdict, Verdict::Pass) << result.reason;
  }
}

}  // namespace
}  // namespace signpost::dkim
