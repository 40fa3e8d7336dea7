#include "smtp/peer_limits.h"

#include "smtp/client_commands.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::smtp {
namespace {

TEST(PeerLimits, AreReadWhateverTheirCaseAndOrder) {
  EXPECT_EQ(parse_limits("RCPTMAX=20 mailmax=5 RcptDomainMax=1"), (PeerLimits{5, 20, 1}));
  EXPECT_EQ(parse_limits("MAILMAX=999999"), (PeerLimits{.mails = 999'999}));
}

TEST(PeerLimits, UnknownOnesAreIgnored) {
  EXPECT_EQ(parse_limits("BYTEMAX=3 MAILMAX=5 X RCPTMAX"), (PeerLimits{.mails = 5}));
  EXPECT_EQ(parse_limits(""), PeerLimits{});
}

TEST(PeerLimits, ValuesThatMakeNoSenseAreIgnored) {
  for (const char* value : {"0", "", "-1", "+5", "05", "1000000", "99999999999999999999999", "5x",
                            "x", "5,RCPTMAX=3", "5;"}) {
    EXPECT_EQ(parse_limits("MAILMAX=" + std::string(value)), PeerLimits{}) << value;
  }
  EXPECT_EQ(parse_limits("MAILMAX=0 RCPTMAX=3"), (PeerLimits{.recipients = 3}));
}

TEST(PeerLimits, TheSmallestValueOfARepeatedOneCounts) {
  EXPECT_EQ(parse_limits("MAILMAX=9 MAILMAX=5 MAILMAX=7"), (PeerLimits{.mails = 5}));
}

TEST(PeerLimits, ArePartOfTheReplyToEhlo) {
  const Reply ehlo{250, {}, "mx.example\nPIPELINING\nlimits MAILMAX=5 RCPTMAX=3"};
  EXPECT_EQ(parse_extensions(ehlo).limits, (PeerLimits{5, 3, 0}));
}

}  // namespace
}  // namespace signpost::smtp
