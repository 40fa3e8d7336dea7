#include "auth/dovecot_protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::auth {
namespace {

const std::string kHello =
    "VERSION\t1\t2\nMECH\tLOGIN\tplaintext\nMECH\tPLAIN\tplaintext\nSPID\t31\nCUID\t1\n"
    "COOKIE\t00ff\nDONE\n";

// Each answer as "number outcome login"; an error as it is.
std::vector<std::string> heard(DovecotProtocol& protocol, std::string_view octets) {
  ByteQueue in;
  in.append(octets);
  const auto answers = protocol.hear(in);
  if (!answers) return {answers.error().detail};
  std::vector<std::string> texts;
  for (const auto& answer : *answers) {
    const char* const outcome = answer.outcome == DovecotProtocol::Outcome::Accepted   ? " ok "
                                : answer.outcome == DovecotProtocol::Outcome::Rejected ? " no "
                                                                                       : " away ";
    texts.push_back(std::to_string(answer.number) + outcome + answer.login);
  }
  return texts;
}
using Heard = std::vector<std::string>;

TEST(DovecotProtocol, IsReadyOnceDovecotHasSaidHello) {
  DovecotProtocol protocol;
  EXPECT_EQ(heard(protocol, kHello.substr(0, kHello.find("DONE"))), Heard());
  EXPECT_FALSE(protocol.ready());
  EXPECT_EQ(heard(protocol, "DONE\n"), Heard());
  EXPECT_TRUE(protocol.ready());
}

TEST(DovecotProtocol, SaysHelloAndAsks) {
  EXPECT_EQ(DovecotProtocol::hello(7), "VERSION\t1\t2\nCPID\t7\n");
  const auto line = DovecotProtocol::line_of(
      3, {.login = "a@b.example", .password = "secret", .client = "192.0.2.1"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->view(),
            "AUTH\t3\tPLAIN\tservice=smtp\tnologin\tsecured\trip=192.0.2.1\tresp="
            "AGFAYi5leGFtcGxlAHNlY3JldA==\n");
  using namespace std::string_view_literals;
  EXPECT_FALSE(DovecotProtocol::line_of(1, {.login = "a\0b"sv, .password = "p", .client = "::1"}));
  const std::string huge(8192, 'p');
  EXPECT_FALSE(DovecotProtocol::line_of(1, {.login = "a", .password = huge, .client = "::1"}));
}

TEST(DovecotProtocol, TellsAnswersApart) {
  DovecotProtocol protocol;
  EXPECT_EQ(heard(protocol, kHello + "OK\t1\tuser=a@b.example\toriginal_user=A\n"
                                     "FAIL\t2\tuser=a\n"
                                     "FAIL\t3\tuser=a\ttemp\n"
                                     "FAIL\t4\tuser=a\tcode=temp_fail\treason=x\n"
                                     "OK\t5\tuser=a\x01tb\n"
                                     "CONT\t6\tabc\n"
                                     "NEWS\t7\n"
                                     "OK\t8"),
            (Heard{"1 ok a@b.example", "2 no a", "3 away a", "4 away a", "5 ok a\tb", "6 away "}));
}

TEST(DovecotProtocol, GivesUpOnOthers) {
  const auto first = [](std::string_view octets) {
    DovecotProtocol protocol;
    return heard(protocol, octets);
  };
  EXPECT_EQ(first("220 mail.example ESMTP\n"),
            Heard{"is not Dovecot's socket for authentication clients"});
  EXPECT_EQ(first("VERSION\t2\t0\n"), Heard{"speaks another protocol version"});
  EXPECT_EQ(first("VERSION\t1\t2\nMECH\tGSSAPI\nDONE\n"),
            Heard{"offers no PLAIN; see auth_mechanisms"});
  EXPECT_EQ(first(kHello + "OK\tx\n"), Heard{"answers no question"});
  EXPECT_EQ(first(kHello + "FAIL\n"), Heard{"answers no question"});
  EXPECT_EQ(first(std::string(9000, 'x')), Heard{"sends a line without an end"});
}

}  // namespace
}  // namespace signpost::auth
