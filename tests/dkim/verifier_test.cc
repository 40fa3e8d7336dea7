#include "dkim/verifier.h"

#include "base/base64.h"
#include "dkim/signature_hash.h"
#include "tests/dkim/test_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace signpost::dkim {
namespace {

using message::HeaderSection;

constexpr SystemTime kNow{std::chrono::seconds(1'767'225'600)};

const std::string kHeader =
    "Received: from a\r\n\tby b; now\r\n"
    "From: Joe <joe@example.com>\r\n"
    "To: Suzie <suzie@example.net>,\r\n   Ann <ann@example.net>\r\n"
    "Subject:  Is dinner\t ready? \r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n"
    "Message-ID: <1@example.com>\r\n"
    "X-Empty:\r\n";
const std::string kBody = "Hi.\r\n\r\n  We lost  the game.\t \r\n.\r\nJoe.\r\n\r\n\r\n";
const std::string kContent = kHeader + "\r\n" + kBody;

std::string signed_by(const std::vector<SigningIdentity>& identities, const std::string& content) {
  const auto fields = sign(identities, HeaderSection::parse(content), kNow);
  EXPECT_TRUE(fields) << fields.error().detail;
  return fields.value_or("") + content;
}

SignatureResult result_of(const std::string& content, const RecordSource& records,
                          SystemTime now = kNow) {
  const auto results = verify(HeaderSection::parse(content), records, now);
  EXPECT_EQ(results.size(), 1U);
  return results.empty() ? SignatureResult{} : results.front();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// With `to` in place of the tag's "name=" (which follows a blank or a fold).
std::string with_tag(std::string text, std::string_view name, std::string_view to) {
  const std::string tag = std::string(name) + "=";
  for (std::size_t at = text.find(tag); at != std::string::npos; at = text.find(tag, at + 1)) {
    if (text[at - 1] == ' ' || text[at - 1] == '\t') return text.replace(at, tag.size(), to);
  }
  ADD_FAILURE() << "no " << tag;
  return text;
}

// A DKIM-Signature field written by hand: `tags` without bh= and b=, then signed as it stands.
std::string hand_signed(const std::string& tags, const std::vector<std::string_view>& names,
                        const std::string& content, CanonicalizationPair method = {},
                        std::uint64_t length = std::numeric_limits<std::uint64_t>::max()) {
  const auto header = HeaderSection::parse(content);
  std::string field =
      "DKIM-Signature: " + tags +
      "; bh=" + base64::encode(view(hash_body(method.body, header.body(), length).digest)) + "; b=";
  const auto digest = hash_header(method.header, FieldIndex(header), names, field);
  return field + base64::encode(*ed25519_key()->sign(view(digest))) + "\r\n" + content;
}
constexpr std::string_view kTags = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=e1";
std::string tags_and(std::string_view more) { return std::string(kTags).append(more); }

Records ed25519_records() { return Records().add(identity("example.com", "e1", ed25519_key())); }
const std::vector<std::string_view> kFromOnly = {"from"};

// Every way to sign ------------------------------------------------------------------------------

class AllWays : public testing::TestWithParam<std::tuple<Algorithm, const char*>> {
 protected:
  SigningIdentity signer() const {
    const auto [algorithm, pair] = GetParam();
    SigningIdentity made =
        identity("example.com", "s", algorithm == Algorithm::RsaSha256 ? rsa_key() : ed25519_key());
    made.canonicalization = *CanonicalizationPair::parse(pair);
    return made;
  }
  bool relaxed_header() const {
    return signer().canonicalization.header == Canonicalization::Relaxed;
  }
  bool relaxed_body() const { return signer().canonicalization.body == Canonicalization::Relaxed; }
  Records records_ = Records().add(signer());
};

TEST_P(AllWays, Pass) {
  const auto result = result_of(signed_by({signer()}, kContent), records_);
  EXPECT_EQ(result.verdict, Verdict::Pass) << result.reason;
  EXPECT_EQ(result.reason, "");
  EXPECT_EQ(result.domain, "example.com");
  EXPECT_EQ(result.selector, "s");
  EXPECT_EQ(result.algorithm, algorithm_text(std::get<0>(GetParam())));
}

TEST_P(AllWays, PassWithBodiesAtTheEdges) {
  for (const char* body : {"", "\r\n", "\r\n\r\n", " \r\n", "x", "x ", "\t\r\n\r\n", ".\r\n"}) {
    const auto result = result_of(signed_by({signer()}, kHeader + "\r\n" + body), records_);
    EXPECT_EQ(result.verdict, Verdict::Pass) << testing::PrintToString(body) << result.reason;
  }
}

TEST_P(AllWays, FieldsThatAreNotSignedMayChange) {
  const std::string whole = "Received: later\r\n" + signed_by({signer()}, kContent);
  EXPECT_EQ(result_of(replaced(whole, "X-Empty:", "X-Other: y"), records_).verdict, Verdict::Pass);
}

TEST_P(AllWays, EverySignedFieldAndTheBodyAreGuarded) {
  const std::string whole = signed_by({signer()}, kContent);
  const std::pair<const char*, const char*> changes[] = {{"Joe <joe", "Job <joe"},
                                                         {"suzie@", "suzy@"},
                                                         {"dinner", "Dinner"},
                                                         {"11 Jul", "12 Jul"},
                                                         {"<1@", "<2@"},
                                                         {"lost", "won!"},
                                                         {"Date:", "Dete:"},
                                                         {"\r\n.\r\n", "\r\n\r\n"},
                                                         {"Hi.\r\n", "\r\nHi.\r\n"},
                                                         {"Joe.\r\n", "Joe.\r\n\r\nBye.\r\n"}};
  for (const auto& [from, to] : changes) {
    EXPECT_EQ(result_of(replaced(whole, from, to), records_).verdict, Verdict::Fail) << from;
  }
}

TEST_P(AllWays, FieldsCannotBeRemoved) {
  const std::string whole = signed_by({signer()}, kContent);
  EXPECT_EQ(result_of(replaced(whole, "Message-ID: <1@example.com>\r\n", ""), records_).verdict,
            Verdict::Fail);
  EXPECT_EQ(result_of(replaced(whole, "From: Joe <joe@example.com>\r\n", ""), records_).verdict,
            Verdict::Fail);
}

TEST_P(AllWays, OversigningGuardsAgainstAddedFields) {
  const std::string whole = signed_by({signer()}, kContent);
  for (const char* added :
       {"From: <evil@example.org>\r\n", "Subject: pay me\r\n", "Reply-To: evil@example.org\r\n",
        "Cc: x@example.org\r\n", "Content-Type: text/html\r\n", "MIME-Version: 1.0\r\n",
        "Content-Transfer-Encoding: base64\r\n", "Date: now\r\n"}) {
    EXPECT_EQ(result_of(added + whole, records_).verdict, Verdict::Fail) << added;
    EXPECT_EQ(result_of(replaced(whole, "X-Empty:\r\n", added), records_).verdict, Verdict::Fail)
        << added;
  }
}

TEST_P(AllWays, BlanksMayChangeOnlyWhereRelaxed) {
  const std::string whole = signed_by({signer()}, kContent);
  const auto verdict = [&](std::string_view from, std::string_view to) {
    return result_of(replaced(whole, from, to), records_).verdict;
  };
  const Verdict header = relaxed_header() ? Verdict::Pass : Verdict::Fail;
  EXPECT_EQ(verdict("dinner\t ready? \r\n", "dinner ready?\r\n"), header);
  EXPECT_EQ(verdict(",\r\n   Ann", ", Ann"), header);
  EXPECT_EQ(verdict("\r\nSubject:", "\r\nSUBJECT:"), header);
  EXPECT_EQ(verdict("DKIM-Signature: v=1;", "dkim-signature: v=1; "), header);
  const Verdict body = relaxed_body() ? Verdict::Pass : Verdict::Fail;
  EXPECT_EQ(verdict("  We lost  the", " We lost the"), body);
  EXPECT_EQ(verdict("game.\t \r\n", "game.\r\n"), body);
  EXPECT_EQ(verdict("Joe.\r\n\r\n\r\n", "Joe.\r\n"), Verdict::Pass);
  EXPECT_EQ(verdict("Joe.\r\n\r\n\r\n", "Joe."), Verdict::Pass);
  EXPECT_EQ(verdict("lost  the", "lostthe"), Verdict::Fail);
}

TEST_P(AllWays, TheSignatureFieldItselfIsGuarded) {
  const std::string whole = signed_by({signer()}, kContent);
  EXPECT_EQ(result_of(replaced(whole, "t=1767225600", "t=1767225601"), records_).verdict,
            Verdict::Fail);
  EXPECT_EQ(result_of(with_tag(whole, "b", "z=; b="), records_).verdict, Verdict::Fail);
  EXPECT_EQ(result_of(replaced(whole, "h=From:", "h=from:"), records_).verdict, Verdict::Fail);
}

INSTANTIATE_TEST_SUITE_P(Verifier, AllWays,
                         testing::Combine(testing::Values(Algorithm::RsaSha256,
                                                          Algorithm::Ed25519Sha256),
                                          testing::Values("simple/simple", "simple/relaxed",
                                                          "relaxed/simple", "relaxed/relaxed")));

// Several signatures -----------------------------------------------------------------------------

TEST(Verifier, EachSignatureIsJudgedAlone) {
  const SigningIdentity rsa = identity("example.com", "r", rsa_key());
  const SigningIdentity ed = identity("example.com", "e", ed25519_key());
  const std::string whole = signed_by({rsa, ed}, kContent);
  auto results = verify(HeaderSection::parse(whole), Records().add(rsa).add(ed), kNow);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].verdict, Verdict::Pass) << results[0].reason;
  EXPECT_EQ(results[1].verdict, Verdict::Pass) << results[1].reason;
  results = verify(HeaderSection::parse(whole), Records().add(ed), kNow);
  EXPECT_EQ(results[0].verdict, Verdict::PermError);
  EXPECT_EQ(results[1].verdict, Verdict::Pass);
}

TEST(Verifier, ASignatureOfAnotherStaysValidBelowOurs) {
  const SigningIdentity first = identity("first.example", "e", ed25519_key());
  const SigningIdentity second = identity("second.example", "r", rsa_key());
  const std::string whole = signed_by({second}, signed_by({first}, kContent));
  const auto results = verify(HeaderSection::parse(whole), Records().add(first).add(second), kNow);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].domain, "second.example");
  EXPECT_EQ(results[0].verdict, Verdict::Pass);
  EXPECT_EQ(results[1].verdict, Verdict::Pass);
}

TEST(Verifier, SignaturesOfOthersCanBeSignedAndOversigned) {
  const SigningIdentity first = identity("first.example", "e", ed25519_key());
  SigningIdentity second = identity("second.example", "r", rsa_key());
  second.signed_fields.push_back("DKIM-Signature");
  second.oversigned_fields.push_back("DKIM-Signature");
  const std::string whole = signed_by({second}, signed_by({first}, kContent));
  const Records records = Records().add(first).add(second);
  EXPECT_EQ(verify(HeaderSection::parse(whole), records, kNow)[0].verdict, Verdict::Pass);
  const std::string more = "DKIM-Signature: v=1\r\n" + whole;
  EXPECT_EQ(verify(HeaderSection::parse(more), records, kNow)[1].verdict, Verdict::Fail);
}

TEST(Verifier, NoSignatureNoResult) {
  EXPECT_TRUE(verify(HeaderSection::parse(kContent), Records(), kNow).empty());
}

TEST(Verifier, JudgesABoundedNumberOfSignatures) {
  std::string content;
  for (int i = 0; i < 100; ++i) content += "DKIM-Signature: v=1\r\n";
  content += kContent;
  EXPECT_EQ(verify(HeaderSection::parse(content), Records(), kNow).size(), 20U);
}

// Repeated fields are taken from the bottom (section 5.4.2) --------------------------------------

TEST(Verifier, RepeatedFieldsAreTakenFromTheBottom) {
  SigningIdentity signer = identity("example.com", "e1", ed25519_key());
  signer.signed_fields = {"From", "Received"};
  signer.oversigned_fields = {};
  const std::string content = "Received: 2\r\nReceived: 1\r\nFrom: a@example.com\r\n\r\nx\r\n";
  const std::string whole = signed_by({signer}, content);
  const Records records = ed25519_records();
  EXPECT_EQ(result_of(whole, records).verdict, Verdict::Pass);
  EXPECT_EQ(result_of("Received: 3\r\n" + whole, records).verdict, Verdict::Pass);
  EXPECT_EQ(
      result_of(replaced(whole, "Received: 2\r\nReceived: 1\r\n", "Received: 1\r\nReceived: 2\r\n"),
                records)
          .verdict,
      Verdict::Fail);
  EXPECT_EQ(result_of(replaced(whole, "From: a", "Received: 0\r\nFrom: a"), records).verdict,
            Verdict::Fail);
}

// Time -------------------------------------------------------------------------------------------

TEST(Verifier, AnExpiredSignatureDoesNotCount) {
  SigningIdentity signer = identity("example.com", "e1", ed25519_key());
  signer.expire = std::chrono::hours(1);
  const std::string whole = signed_by({signer}, kContent);
  const Records records = ed25519_records();
  EXPECT_EQ(result_of(whole, records, kNow).verdict, Verdict::Pass);
  EXPECT_EQ(result_of(whole, records, kNow + std::chrono::hours(1)).verdict, Verdict::Pass);
  const auto late = result_of(whole, records, kNow + std::chrono::seconds(3'601));
  EXPECT_EQ(late.verdict, Verdict::PermError);
  EXPECT_EQ(late.reason, "expired");
}

TEST(Verifier, TimesMustBeNumbersInOrder) {
  const auto reason = [](std::string_view times) {
    return result_of(hand_signed(tags_and("; h=from").append(times), kFromOnly, kContent),
                     ed25519_records())
        .reason;
  };
  EXPECT_EQ(reason("; t=1; x=1767225600"), "");
  EXPECT_EQ(reason("; t=1767225700; x=1767225701"), "");
  EXPECT_EQ(reason("; t=1767225700; x=1767225700"), "x= is not after t=");
  EXPECT_EQ(reason("; t=1767225700; x=1767225699"), "x= is not after t=");
  for (const char* t : {"; t=", "; t=x", "; t=1 2", "; t=-1"}) {
    EXPECT_EQ(reason(t), "t= is not a number") << t;
  }
  for (const char* x : {"; x=", "; x=-1", "; x=1x", "; x=99999999999999999999999999"}) {
    EXPECT_EQ(reason(x), "x= is not a number") << x;
  }
}

// Keys -------------------------------------------------------------------------------------------

TEST(Verifier, KeyRecordsAreAskedForByName) {
  const std::string whole =
      signed_by({identity("Mail.Example.com", "E1", ed25519_key())}, kContent);
  std::string asked;
  const auto result = result_of(whole, [&](std::string_view name) {
    asked = name;
    return std::optional<std::string>();
  });
  EXPECT_EQ(asked, "E1._domainkey.Mail.Example.com");
  EXPECT_EQ(result.verdict, Verdict::PermError);
  EXPECT_EQ(result.reason, "no key record");
}

TEST(Verifier, ARecordThatDoesNotFitIsAnError) {
  const SigningIdentity signer = identity("example.com", "s", rsa_key());
  const std::string whole = signed_by({signer}, kContent);
  const std::string key = rsa_key()->public_key_base64();
  const auto verdict = [&](const std::string& text) {
    return result_of(whole, Records().add("example.com", "s", text)).verdict;
  };
  EXPECT_EQ(verdict("v=DKIM1; p=" + key), Verdict::Pass);
  EXPECT_EQ(verdict("v=DKIM1; h=sha256; s=email; t=s; p=" + key), Verdict::Pass);
  EXPECT_EQ(verdict("v=DKIM1; p="), Verdict::PermError);
  EXPECT_EQ(verdict("v=DKIM1; h=sha1; p=" + key), Verdict::PermError);
  EXPECT_EQ(verdict("v=DKIM1; s=tlsrpt; p=" + key), Verdict::PermError);
  EXPECT_EQ(verdict("v=DKIM1; k=ed25519; p=" + key), Verdict::PermError);
  EXPECT_EQ(verdict(record_text(*ed25519_key())), Verdict::PermError);
  EXPECT_EQ(verdict("v=DKIM1; p=AAAA"), Verdict::PermError);
  EXPECT_EQ(verdict("garbage"), Verdict::PermError);
  EXPECT_EQ(verdict(record_text(*make_key(Algorithm::RsaSha256, 1024))), Verdict::Fail);
}

TEST(Verifier, ARevokedKeyIsReportedAsRevoked) {
  const std::string whole = signed_by({identity("example.com", "s", ed25519_key())}, kContent);
  EXPECT_EQ(result_of(whole, Records().add("example.com", "s", "v=DKIM1; p=")).reason,
            "the key is revoked");
}

// Identities -------------------------------------------------------------------------------------

TEST(Verifier, TheIdentityIsTheDomainOrBelowIt) {
  const auto verdict = [](std::string_view identity_tag) {
    return result_of(hand_signed(tags_and("; h=from").append(identity_tag), kFromOnly, kContent),
                     ed25519_records())
        .verdict;
  };
  EXPECT_EQ(verdict("; i=@example.com"), Verdict::Pass);
  EXPECT_EQ(verdict("; i=joe@EXAMPLE.com"), Verdict::Pass);
  EXPECT_EQ(verdict("; i=joe@a.b.example.com"), Verdict::Pass);
  EXPECT_EQ(verdict("; i=joe@badexample.com"), Verdict::PermError);
  EXPECT_EQ(verdict("; i=joe@com"), Verdict::PermError);
  EXPECT_EQ(verdict("; i=joe@example.com.evil.example"), Verdict::PermError);
  EXPECT_EQ(verdict("; i=example.com"), Verdict::PermError);
  EXPECT_EQ(verdict("; i="), Verdict::PermError);
}

TEST(Verifier, AStrictKeyForbidsIdentitiesBelowTheDomain) {
  const Records strict =
      Records().add("example.com", "e1", record_text(*ed25519_key()) + "; t=y:s");
  const auto verdict = [&](std::string_view identity_tag) {
    return result_of(hand_signed(tags_and("; h=from").append(identity_tag), kFromOnly, kContent),
                     strict)
        .verdict;
  };
  EXPECT_EQ(verdict(""), Verdict::Pass);
  EXPECT_EQ(verdict("; i=joe@example.com"), Verdict::Pass);
  EXPECT_EQ(verdict("; i=joe@a.example.com"), Verdict::PermError);
}

// The length of the body -------------------------------------------------------------------------

TEST(Verifier, ALengthCoversTheBeginningOfTheBody) {
  const std::string content = "From: a@example.com\r\n\r\nsigned\r\n";
  const auto whole = [&](std::uint64_t length) {
    return hand_signed(tags_and("; h=from; l=" + std::to_string(length)), kFromOnly, content, {},
                       length);
  };
  const Records records = ed25519_records();
  EXPECT_EQ(result_of(whole(8), records).verdict, Verdict::Pass);
  EXPECT_EQ(result_of(whole(8) + "added\r\n", records).verdict, Verdict::Pass);
  EXPECT_EQ(result_of(whole(3) + "added\r\n", records).verdict, Verdict::Pass);
  EXPECT_EQ(result_of(whole(0), records).verdict, Verdict::Pass);
  EXPECT_EQ(result_of(replaced(whole(8), "signed\r\n", "SIGNED\r\n"), records).verdict,
            Verdict::Fail);
  const auto more = result_of(whole(9), records);
  EXPECT_EQ(more.verdict, Verdict::PermError);
  EXPECT_EQ(more.reason, "l= is longer than the body");
}

// Malformed signatures ---------------------------------------------------------------------------

TEST(Verifier, RequiredTagsAreRequired) {
  const std::string whole = signed_by({identity("example.com", "e1", ed25519_key())}, kContent);
  for (const char* tag : {"v", "a", "d", "s", "h", "bh", "b"}) {
    const auto result =
        result_of(with_tag(whole, tag, std::string("x") + tag + "="), ed25519_records());
    EXPECT_EQ(result.verdict, Verdict::PermError) << tag;
    EXPECT_EQ(result.reason, std::string("no ") + tag + "=");
  }
}

TEST(Verifier, MalformedTagsAreErrors) {
  const Records records = ed25519_records();
  const std::pair<const char*, const char*> changes[] = {
      {"v=1;", "v=2;"},           {"v=1;", "v=;"},        {"ed25519-sha256", "rsa-sha1"},
      {"ed25519-sha256", "x"},    {"ed25519-sha256", ""}, {"ed25519-sha256", "Ed25519-SHA256"},
      {"c=relaxed/", "c=nowsp/"}, {"bh=", "bh=!"},        {"v=1;", "v=1; v=1;"},
      {"v=1;", "v=1; l=x;"},      {"v=1;", "v=1; l=-1;"}, {"v=1;", "v=1; q=dns/x;"},
      {"v=1;", "v=1;;"},          {"v=1;", "v=1; junk;"}};
  const std::string whole = signed_by({identity("example.com", "e1", ed25519_key())}, kContent);
  for (const auto& [from, to] : changes) {
    EXPECT_EQ(result_of(replaced(whole, from, to), records).verdict, Verdict::PermError) << to;
  }
  EXPECT_EQ(result_of(with_tag(whole, "b", "b=!"), records).verdict, Verdict::PermError);
  EXPECT_EQ(result_of(replaced(whole, "ed25519-sha256", "rsa-sha256"), records).reason,
            "the key record is for another algorithm");
}

TEST(Verifier, FromMustBeSigned) {
  const auto result = result_of(
      hand_signed(tags_and("; h=to:subject"), {"to", "subject"}, kContent), ed25519_records());
  EXPECT_EQ(result.verdict, Verdict::PermError);
  EXPECT_EQ(result.reason, "h= does not name From");
}

TEST(Verifier, AMissingCanonicalizationIsSimple) {
  const CanonicalizationPair simple{Canonicalization::Simple, Canonicalization::Simple};
  const std::string whole = hand_signed("v=1; a=ed25519-sha256; d=example.com; s=e1; h=from",
                                        kFromOnly, kContent, simple);
  EXPECT_EQ(result_of(whole, ed25519_records()).verdict, Verdict::Pass);
  EXPECT_EQ(result_of(replaced(whole, "From: Joe", "From:  Joe"), ed25519_records()).verdict,
            Verdict::Fail);
}

TEST(Verifier, TheSignatureMayStandAnywhereInItsField) {
  const auto header = HeaderSection::parse(kContent);
  const std::string bh =
      base64::encode(view(hash_body(Canonicalization::Relaxed, header.body()).digest));
  for (const char* space : {"", " ", "\r\n\t"}) {
    std::string before = "DKIM-Signature:";
    before.append(space).append("b").append(space).append("=");
    std::string after(kTags);
    after.append("; h=from; bh=").append(bh).append(";");
    const auto digest =
        hash_header(Canonicalization::Relaxed, FieldIndex(header), kFromOnly, before + ";" + after);
    std::string b = base64::encode(*ed25519_key()->sign(view(digest)));
    b.insert(20, "\r\n \t");
    std::string whole = before;
    whole.append(space).append(b).append(space).append(";").append(after).append("\r\n");
    whole.append(kContent);
    const auto result = result_of(whole, ed25519_records());
    EXPECT_EQ(result.verdict, Verdict::Pass) << result.reason << "\n" << whole;
  }
}

}  // namespace
}  // namespace signpost::dkim
