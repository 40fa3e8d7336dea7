#include "dkim/key_record.h"

#include "tests/dkim/test_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace signpost::dkim {
namespace {

// The quoted strings of a line.
std::vector<std::string> strings_of(std::string_view line) {
  std::vector<std::string> strings;
  while (true) {
    const std::size_t begin = line.find('"');
    if (begin == std::string_view::npos) return strings;
    const std::size_t end = line.find('"', begin + 1);
    strings.emplace_back(line.substr(begin + 1, end - begin - 1));
    line.remove_prefix(end + 1);
  }
}

TEST(KeyRecord, WhatIsPublishedIsReadAgain) {
  for (const KeyPtr& key : {rsa_key(), ed25519_key()}) {
    const auto record = parse_key_record(record_text(*key));
    ASSERT_TRUE(record) << record.error().detail;
    EXPECT_EQ(record->algorithm, key->algorithm());
    EXPECT_EQ(record->public_key, key->public_key_base64());
    EXPECT_FALSE(record->testing);
    EXPECT_FALSE(record->strict);
  }
  EXPECT_TRUE(record_text(*rsa_key()).starts_with("v=DKIM1; k=rsa; p=MI"));
  EXPECT_TRUE(record_text(*ed25519_key()).starts_with("v=DKIM1; k=ed25519; p="));
}

TEST(KeyRecord, AShortOneIsOneStringOfTheZoneFile) {
  const std::string line = zone_file_line("example.com", "e1", *ed25519_key());
  EXPECT_EQ(line, "e1._domainkey.example.com. IN TXT \"" + record_text(*ed25519_key()) + "\"");
}

TEST(KeyRecord, ALongOneIsSplitAt255Octets) {
  const KeyPtr key = make_key(Algorithm::RsaSha256, 2048);
  const std::string line = zone_file_line("example.com", "s1", *key);
  EXPECT_TRUE(line.starts_with("s1._domainkey.example.com. IN TXT ( \""));
  EXPECT_TRUE(line.ends_with("\" )"));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto strings = strings_of(line);
  ASSERT_EQ(strings.size(), 2U);
  EXPECT_EQ(strings[0].size(), 255U);
  EXPECT_EQ(strings[0] + strings[1], record_text(*key));
}

TEST(KeyRecord, DefaultsAreRsaAndNoFlags) {
  const auto record = parse_key_record("p=AB CD\r\n\tEF");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->algorithm, Algorithm::RsaSha256);
  EXPECT_EQ(record->public_key, "ABCDEF");
}

TEST(KeyRecord, FlagsAreRead) {
  const auto record =
      parse_key_record("v=DKIM1; t= y : s ; h=sha1:sha256; s=other:email; n=x; p=AB");
  ASSERT_TRUE(record) << record.error().detail;
  EXPECT_TRUE(record->testing);
  EXPECT_TRUE(record->strict);
  EXPECT_TRUE(parse_key_record("t=unknown; p=AB"));
  EXPECT_TRUE(parse_key_record("s=*; p=AB"));
  EXPECT_TRUE(parse_key_record("g=*; unknown=1; p=AB"));
}

TEST(KeyRecord, AnEmptyKeyIsARevokedOne) {
  for (const char* text : {"v=DKIM1; p=", "p=;", "v=DKIM1; p= \r\n ;"}) {
    const auto record = parse_key_record(text);
    ASSERT_TRUE(record) << text;
    EXPECT_EQ(record->public_key, "");
  }
}

TEST(KeyRecord, RefusesWhatOthersMayRefuse) {
  for (const char* text : {"", "v=DKIM1", "v=DKIM1; k=rsa", "v=DKIM2; p=AB", "v=dkim1; p=AB",
                           "k=rsa; v=DKIM1; p=AB", "k=RSA; p=AB", "k=Ed25519; p=AB", "k=dsa; p=AB",
                           "k=; p=AB", "h=sha1; p=AB", "h=SHA256; p=AB", "h=; p=AB",
                           "s=tlsrpt; p=AB", "s=Email; p=AB", "p=AB; p=CD", "p", "v=spf1 -all"}) {
    EXPECT_FALSE(parse_key_record(text)) << text;
  }
}

TEST(KeyRecord, Name) { EXPECT_EQ(record_name("d.example", "a.b"), "a.b._domainkey.d.example"); }

}  // namespace
}  // namespace signpost::dkim
