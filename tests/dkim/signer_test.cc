#include "dkim/signer.h"

#include "base/ascii.h"
#include "dkim/tag_list.h"
#include "tests/dkim/test_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace signpost::dkim {
namespace {

using message::HeaderSection;

constexpr SystemTime kNow{std::chrono::seconds(1'767'225'600)};

std::vector<std::string_view> lines_of(std::string_view text) {
  auto lines = ascii::split(text, '\n');
  EXPECT_TRUE(lines.back().empty());
  lines.pop_back();
  for (auto& line : lines) {
    EXPECT_TRUE(line.ends_with('\r')) << line;
    line.remove_suffix(1);
  }
  return lines;
}

class Signer : public testing::Test {
 protected:
  std::string sign_with(const std::vector<SigningIdentity>& identities, std::string_view content) {
    const auto fields = sign(identities, HeaderSection::parse(content), kNow);
    EXPECT_TRUE(fields) << fields.error().detail;
    return fields.value_or("");
  }
  // The value of a tag of the first signature.
  static std::string tag(const std::string& fields, std::string_view name) {
    const auto header = HeaderSection::parse(fields);
    const auto tags = TagList::parse(header.fields().front().value);
    EXPECT_TRUE(tags) << fields;
    return std::string(tags->find(name).value_or("(none)"));
  }
  std::string names(std::string_view content) {
    return without_white_space(tag(sign_with({identity_}, content), "h"));
  }

  SigningIdentity identity_ = identity("example.com", "s1", rsa_key());
};

TEST_F(Signer, SaysWhatItIs) {
  const std::string fields = sign_with({identity_}, "From: a@example.com\r\n\r\nhello\r\n");
  EXPECT_TRUE(fields.starts_with("DKIM-Signature: v=1; a=rsa-sha256; ")) << fields;
  EXPECT_EQ(tag(fields, "c"), "relaxed/relaxed");
  EXPECT_EQ(tag(fields, "d"), "example.com");
  EXPECT_EQ(tag(fields, "s"), "s1");
  EXPECT_EQ(tag(fields, "t"), "1767225600");
  EXPECT_EQ(tag(fields, "bh").size(), 44U);
  EXPECT_EQ(without_white_space(tag(fields, "b")).size(), 172U);  // base64 of 128 octets
  for (const char* name : {"x", "l", "i", "q", "z"}) EXPECT_EQ(tag(fields, name), "(none)") << name;
}

TEST_F(Signer, ExpiresWhenConfigured) {
  identity_.expire = std::chrono::hours(24);
  const std::string fields = sign_with({identity_}, "From: a@example.com\r\n\r\n");
  EXPECT_EQ(tag(fields, "x"), std::to_string(1'767'225'600 + 86'400));
}

TEST_F(Signer, ListsFieldsThatArePresentAndThenTheOversignedOnes) {
  EXPECT_EQ(names("List-Id: x\r\nSubject: s\r\nFrom: a@example.com\r\nX-Mine: 1\r\n\r\n"),
            "From:Subject:List-Id:"
            "From:Reply-To:To:Cc:Subject:Date:Message-ID:MIME-Version:Content-Type:"
            "Content-Transfer-Encoding");
}

TEST_F(Signer, ListsARepeatedFieldAsOftenAsItOccurs) {
  identity_.signed_fields = {"From", "Received", "Absent"};
  identity_.oversigned_fields = {"From"};
  EXPECT_EQ(names("Received: 1\r\nRECEIVED: 2\r\nFrom: a@example.com\r\nreceived: 3\r\n\r\n"),
            "From:Received:Received:Received:From");
}

TEST_F(Signer, AnOversignedFieldThatIsNotSignedOtherwiseIsListedOnceMore) {
  identity_.signed_fields = {"From"};
  identity_.oversigned_fields = {"Subject", "To"};
  EXPECT_EQ(names("From: a@example.com\r\nTo: 1\r\nTo: 2\r\n\r\n"), "From:Subject:To:To:To");
}

TEST_F(Signer, FromIsAlwaysSigned) {
  identity_.signed_fields = {"Subject"};
  identity_.oversigned_fields = {};
  EXPECT_EQ(names("Subject: x\r\nFrom: a@example.com\r\n\r\n"), "From:Subject");
  identity_.signed_fields = {"subject", "from"};
  EXPECT_EQ(names("Subject: x\r\nFrom: a@example.com\r\n\r\n"), "subject:from");
  identity_.signed_fields = {};
  identity_.oversigned_fields = {"FROM"};
  EXPECT_EQ(names("Subject: x\r\nFrom: a@example.com\r\n\r\n"), "FROM:FROM");
}

TEST_F(Signer, RefusesWithoutExactlyOneFrom) {
  const std::vector<SigningIdentity> identities{identity_};
  for (const char* content : {"Subject: x\r\n\r\n", "\r\nFrom: a@example.com\r\n",
                              "From: a@example.com\r\nFROM: b@example.com\r\n\r\n"}) {
    const auto refused = sign(identities, HeaderSection::parse(content), kNow);
    ASSERT_FALSE(refused) << content;
    EXPECT_EQ(refused.error().code, Errc::InvalidArgument);
  }
}

TEST_F(Signer, FoldsBelow78Octets) {
  const KeyPtr large = make_key(Algorithm::RsaSha256, 2048);
  std::string content = "From: a@example.com\r\n";
  for (const std::string& name : default_signed_fields()) {
    if (name != "From") content += name + ": x\r\n";
  }
  content += "\r\nbody\r\n";
  for (const KeyPtr& key : {rsa_key(), large, ed25519_key()}) {
    for (std::size_t length = 1; length <= 64; length += 3) {
      SigningIdentity one = identity(std::string(length, 'd') + ".example", "sel", key);
      one.expire = std::chrono::hours(1);
      const std::string fields = sign_with({one}, content);
      for (const std::string_view line : lines_of(fields)) {
        EXPECT_LT(line.size(), 78U) << fields;
        EXPECT_FALSE(line.ends_with(' ')) << fields;
        EXPECT_FALSE(ascii::trim(line).empty()) << fields;
      }
      EXPECT_EQ(HeaderSection::parse(fields).fields().size(), 1U);
    }
  }
}

TEST_F(Signer, LongNamesMakeLongLinesAndNoBrokenOnes) {
  identity_.domain = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
  identity_.signed_fields = {"From", std::string(90, 'x'), "To"};
  const std::string content =
      "From: a@example.com\r\nTo: b@c\r\n" + std::string(90, 'X') + ": 1\r\n\r\n";
  const std::string fields = sign_with({identity_}, content);
  for (const std::string_view line : lines_of(fields)) EXPECT_LT(line.size(), 140U) << fields;
  EXPECT_EQ(tag(fields, "d"), identity_.domain);
  Records records;
  records.add(identity_);
  const std::string whole = fields + content;
  EXPECT_EQ(verify(HeaderSection::parse(whole), records, kNow)[0].verdict, Verdict::Pass);
}

TEST_F(Signer, SeveralIdentitiesMakeAFieldEachInOrder) {
  const SigningIdentity second = identity("example.org", "e1", ed25519_key());
  const std::string fields = sign_with({identity_, second}, "From: a@example.com\r\n\r\nx");
  const auto header = HeaderSection::parse(fields);
  ASSERT_EQ(header.fields().size(), 2U);
  EXPECT_FALSE(header.malformed());
  EXPECT_EQ(TagList::parse(header.fields()[0].value)->find("d"), "example.com");
  EXPECT_EQ(TagList::parse(header.fields()[1].value)->find("d"), "example.org");
  EXPECT_EQ(TagList::parse(header.fields()[1].value)->find("a"), "ed25519-sha256");
}

TEST_F(Signer, NoIdentityMakesNoField) {
  EXPECT_EQ(sign_with({}, "From: a@example.com\r\n\r\n"), "");
}

TEST_F(Signer, TheSameMessageAtTheSameTimeHasTheSameSignature) {
  constexpr std::string_view kContent = "From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n";
  EXPECT_EQ(sign_with({identity_}, kContent), sign_with({identity_}, kContent));
}

// Ten thousand fields, all of them signed: neither signing nor verifying may read all for each.
TEST_F(Signer, ManyFieldsAreSignedInLittleTime) {
  identity_.signed_fields = {"From", "To", "Cc"};
  std::string content;
  for (int i = 0; i < 5'000; ++i) content += "To: a@b\r\n";
  for (int i = 0; i < 5'000; ++i) content += "Cc: a@b\r\n";
  content += "From: a@example.com\r\n\r\n";
  const std::string whole = sign_with({identity_}, content) + content;
  Records records;
  records.add(identity_);
  EXPECT_EQ(verify(HeaderSection::parse(whole), records, kNow)[0].verdict, Verdict::Pass);
}

}  // namespace
}  // namespace signpost::dkim
