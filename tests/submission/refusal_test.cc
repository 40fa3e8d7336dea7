#include "submission/refusal.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace signpost::submission {
namespace {

using enum Refusal;
using Label = relay::RejectReason;

struct Expected {
  Refusal reason;
  Label label;
  std::string reply;
};

TEST(Refusal, EachReasonHasItsReplyAndItsLabel) {
  const std::array<Expected, 17> all = {{
      {Sessions, Label::Sessions, "421 4.7.0 Too many sessions, try again later"},
      {Disk, Label::Disk, "452 4.3.1 Insufficient system storage, try again later"},
      {Memory, Label::Memory, "452 4.3.1 Insufficient memory, try again later"},
      {QueueUnwritable, Label::Storage, "451 4.3.0 The queue cannot be written, try again later"},
      {NotAuthenticated, Label::Relaying, "530 5.7.0 Authentication required"},
      {SenderForbidden, Label::Sender, "553 5.7.1 This login may not send from that address"},
      {Quota, Label::Limit, "450 4.7.1"},
      {MessageRecipients, Label::Limit, "452 4.5.3"},
      {NoFrom, Label::Content, "550 5.6.0"},
      {SeveralFrom, Label::Content, "550 5.6.0"},
      {MalformedHeader, Label::Content, "550 5.6.0"},
      {HeaderTooLong, Label::Content, "552 5.3.4"},
      {LineTooLong, Label::Content, "550 5.6.0"},
      {BareOctet, Label::Content, "554 5.6.3"},
      {MailLoop, Label::Content, "554 5.4.6"},
      {FromForbidden, Label::Sender, "550 5.7.1 This login may not send with that From:"},
      {NoSigningKey, Label::Content, "550 5.7.20 No DKIM key for the From: domain"},
  }};
  for (const Expected& expected : all) {
    const Refused made = refused(expected.reason);
    EXPECT_EQ(made.reason, expected.reason);
    EXPECT_EQ(made.reply.one_line(), expected.reply);
    EXPECT_EQ(label_of(expected.reason), expected.label) << expected.reply;
  }
}

TEST(Refusal, TakesItsOwnText) {
  EXPECT_EQ(refused(NoFrom, "No From field").reply.one_line(), "550 5.6.0 No From field");
}

}  // namespace
}  // namespace signpost::submission
