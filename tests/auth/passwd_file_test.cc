#include "auth/passwd_file.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::auth {
namespace {

const std::string kSha512 =
    "$6$saltstring$AIsRs/Ee56G/"
    "tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0Ry5qulYz.";
const std::string kBcrypt = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";

// Each login as "line name hash", each refusal as "line: reason".
std::vector<std::string> told(std::string_view text) {
  std::vector<std::string> lines;
  const PasswdFile file = parse_passwd_file(text);
  for (const auto& login : file.logins) {
    lines.push_back(std::to_string(login.line) + " " + login.name + " " + login.hash +
                    (login.clear.empty() ? "" : "clear " + std::string(login.clear.view())));
  }
  for (const auto& refused : file.refused) {
    lines.push_back(std::to_string(refused.line) + ": " + refused.reason);
  }
  return lines;
}
using Told = std::vector<std::string>;

TEST(PasswdFile, TakesWhatHtpasswdWrites) {
  EXPECT_EQ(told("# shops\n\nshop:" + kBcrypt + "\r\nother:" + kSha512),
            (Told{"3 shop " + kBcrypt, "4 other " + kSha512}));
}

TEST(PasswdFile, TakesWhatDovecotHas) {
  EXPECT_EQ(told("a@shop.example:{SHA512-CRYPT}" + kSha512 +
                 ":5000:5000::/home/a::userdb_quota_rule=*:storage=1G\n"
                 "b@shop.example:{plain}p w:::::\n"),
            (Told{"1 a@shop.example {SHA512-CRYPT}" + kSha512, "2 b@shop.example clear p w"}));
}

TEST(PasswdFile, TakesWhatTheSystemHas) {
  EXPECT_EQ(
      told("www:" + kSha512 + ":19700:0:99999:7:::\nroot:*:19700::::::\nman:!:1::::::\n"),
      (Told{"1 www " + kSha512, "2: this login has no password", "3: this login has no password"}));
}

TEST(PasswdFile, RefusesLineByLineWithoutShowingAnything) {
  constexpr std::string_view kWeak =
      " is too weak: whoever gets the file can soon guess its passwords";
  EXPECT_EQ(told("shop\n"
                 ":" +
                 kSha512 +
                 "\n"
                 "a:$apr1$abcdefgh$abcdefghijklmnopqrstuv\n"
                 "b:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
                 "c:secret\n"
                 "d:\n"
                 "e:{PLAIN}\n"
                 "f:" +
                 kSha512 +
                 "\n"
                 "f:" +
                 kSha512 + "\n"),
            (Told{"8 f " + kSha512, "1: this is not \"name:hash\"", "2: a name cannot be empty",
                  "3: MD5 ($apr1$)" + std::string(kWeak), "4: {SHA}" + std::string(kWeak),
                  "5: not a supported password hash", "6: this login has no password",
                  "7: this login has no password", "9: an earlier line has the same name"}));
}

TEST(PasswdFile, DropsNoRestriction) {
  EXPECT_EQ(told("a:" + kSha512 + ":::::::allow_nets=192.0.2.0/24\n" + "b:" + kSha512 +
                 ":::::::user=c nologin\n"),
            (Told{"1: allow_nets cannot be kept", "2: nologin cannot be kept"}));
}

TEST(PasswdFile, AHashIsPrintable) {
  constexpr char kLine[] = "shop:$2y$05$c4WoMPo3SXsaf\x85va.HHa6uXQZWr7obo~\0\0Pq1BB8I2s0BRqC\n";
  const PasswdFile file = parse_passwd_file({kLine, sizeof kLine - 1});
  EXPECT_TRUE(file.logins.empty());
  ASSERT_EQ(file.refused.size(), 1U);
  EXPECT_EQ(file.refused[0].reason, "not a supported password hash");
}

}  // namespace
}  // namespace signpost::auth
