#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace signpost::base64 {
namespace {

TEST(Base64, AgreesWithTheTestVectors) {
  // RFC 4648 section 10.
  for (const auto& [bytes, text] : {std::pair<std::string_view, std::string_view>{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(encode(bytes), text);
    EXPECT_EQ(decode(text), bytes);
  }
}

TEST(Base64, CarriesEveryOctet) {
  std::string bytes;
  for (int octet = 0; octet < 256; ++octet) {
    bytes += static_cast<char>(octet);
    EXPECT_EQ(decode(encode(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatIsNotExactlyOnePaddedString) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zm9v\r\n", "Zm 9v", " Zm9v",
        "Zm9*", "Zm9-", "Zm9_", "Zm\x80v", "*"}) {
    EXPECT_FALSE(decode(text)) << text;
  }
}

TEST(Base64, RefusesBitsAfterTheEnd) {
  // RFC 4648 section 3.5: they would let two texts mean the same password.
  EXPECT_FALSE(decode("Zh=="));
  EXPECT_FALSE(decode("Zm9="));
}

TEST(Base64, DecodesSecretsAlike) {
  EXPECT_EQ(decode_secret("AGFkYQBzZWNyZXQ=")->view(), std::string_view("\0ada\0secret", 11));
  EXPECT_EQ(decode_secret("Zg==")->view(), "f");
  EXPECT_TRUE(decode_secret("")->empty());
  EXPECT_FALSE(decode_secret("Zg="));
  EXPECT_FALSE(decode_secret("Zh=="));
}

}  // namespace
}  // namespace signpost::base64
