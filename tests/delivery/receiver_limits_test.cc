#include "delivery/receiver_limits.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace signpost::delivery {
namespace {

using smtp::Phase;
using smtp::Reply;
using Recipient = smtp::TransactionResult::Recipient;

const ConnectionRecord kFresh;
const ConnectionRecord kUsed{.transactions = 10, .delivered = 10};
const ConnectionRecord kNeverDelivered{.transactions = 3};  // whatever it took on, it refused

const Recipient kDelivered{{250, {2, 0, 0}, "ok"}, Phase::EndOfData};
const Recipient kUnknown{{550, {5, 1, 1}, "no such user"}, Phase::Rcpt};
const Recipient kTooMany{{452, {4, 5, 3}, "too many recipients"}, Phase::Rcpt};

TransactionLimits limits(std::vector<Recipient> recipients, const ConnectionRecord& connection) {
  return limits_of({std::move(recipients), false}, connection);
}

// Whether one recipient's reply ends the connection, and nothing is decided by it.
bool ends(Reply reply, Phase phase, const ConnectionRecord& connection) {
  const TransactionLimits found = limits({{std::move(reply), phase}}, connection);
  EXPECT_EQ(found.leaves(0), found.connection);
  return found.connection;
}

// --- the connection ---

TEST(ConnectionLimit, TooManyMessagesInASession) {
  const std::vector<std::pair<Reply, Phase>> all{
      {{452, {4, 4, 5}, "Maximum number of messages per session exceeded."}, Phase::DataCommand},
      {{451, {}, "Requested action aborted\nMails per session limit"}, Phase::Mail},
      {{452, {4, 7, 0}, "too many messages"}, Phase::Rcpt},
      {{550, {5, 7, 0}, "too many messages in this session"}, Phase::Mail},
      {{554, {}, "limit"}, Phase::Mail},
      {{421, {}, "too many messages in this connection"}, Phase::Mail}};
  for (const auto& [reply, phase] : all) {
    EXPECT_TRUE(ends(reply, phase, kUsed)) << reply.one_line();
    EXPECT_EQ(ends(reply, phase, kFresh), reply.code == 421)
        << "nothing went before " << reply.code;
  }
}

TEST(ConnectionLimit, AReceiverThatHasTakenNothingYetMeansTheMail) {
  EXPECT_FALSE(ends({550, {5, 7, 1}, "blocked"}, Phase::Mail, kNeverDelivered));
  EXPECT_TRUE(ends({451, {4, 7, 0}, "too many transactions"}, Phase::Mail, kNeverDelivered));
  EXPECT_FALSE(ends({451, {4, 7, 1}, "greylisted"}, Phase::Rcpt, kNeverDelivered));
  EXPECT_FALSE(ends({451, {}, "later"}, Phase::DataCommand, kNeverDelivered));
}

TEST(ConnectionLimit, ServiceClosingAtAnyPoint) {
  for (const Phase phase :
       {Phase::Mail, Phase::Rcpt, Phase::DataCommand, Phase::Content, Phase::EndOfData}) {
    EXPECT_TRUE(ends({421, {4, 7, 0}, "busy"}, phase, kNeverDelivered));
    EXPECT_EQ(ends({421, {4, 7, 0}, "busy"}, phase, kFresh), phase <= Phase::DataCommand)
        << "before the content it is about the host";
  }
}

TEST(ConnectionLimit, ServiceClosingAfterTooManyRefusedRecipients) {
  const Reply too_many_errors{421, {4, 7, 0}, "Error: too many errors"};
  const auto found = limits(
      {kUnknown, {too_many_errors, Phase::Rcpt}, {too_many_errors, Phase::DataCommand}}, kFresh);
  EXPECT_TRUE(found.connection) << "it has decided about somebody";
  EXPECT_FALSE(found.leaves(0));
  EXPECT_TRUE(found.leaves(1) && found.leaves(2));
}

TEST(ConnectionLimit, AConnectionThatIsLostBeforeTheContent) {
  EXPECT_TRUE(ends({}, Phase::Mail, kNeverDelivered));
  EXPECT_TRUE(ends({}, Phase::Mail, kFresh)) << "it is about the host";
  EXPECT_FALSE(ends({}, Phase::EndOfData, kFresh));
  EXPECT_TRUE(ends({}, Phase::Rcpt, kUsed));
  EXPECT_TRUE(ends({}, Phase::DataCommand, kUsed));
  for (const Phase phase : {Phase::Content, Phase::EndOfData}) {
    EXPECT_FALSE(ends({}, phase, kUsed)) << "the message may be the cause, or may have arrived";
  }
}

TEST(ConnectionLimit, WhatIsAboutTheMailIsTheSameOnEachConnection) {
  const std::vector<std::pair<Reply, Phase>> all{
      {{552, {5, 3, 4}, "too large"}, Phase::Mail},
      {{552, {}, "too large"}, Phase::Mail},
      {{553, {5, 1, 8}, "sender domain"}, Phase::Mail},
      {{555, {5, 5, 4}, "parameter"}, Phase::Mail},
      {{550, {5, 6, 7}, "no SMTPUTF8"}, Phase::Mail},
      {{452, {4, 2, 2}, "mailbox full"}, Phase::Rcpt},
      {{450, {4, 2, 0}, "greylisted"}, Phase::Rcpt},
      {{550, {5, 1, 1}, "unknown"}, Phase::Rcpt},
      {{550, {5, 7, 1}, "not you"}, Phase::Rcpt},
      {{554, {5, 7, 1}, "policy"}, Phase::DataCommand},
      {{451, {4, 7, 1}, "virus scanner is busy"}, Phase::EndOfData},
      {{0, {5, 3, 4}, "our own verdict"}, Phase::Mail}};
  for (const auto& [reply, phase] : all)
    EXPECT_FALSE(ends(reply, phase, kUsed)) << reply.one_line();
}

TEST(ConnectionLimit, ARefusalOfOneRecipientAmongOthersIsAboutThatOne) {
  const Recipient later{{451, {4, 7, 1}, "greylisted"}, Phase::Rcpt};
  const auto found = limits({kDelivered, later}, kUsed);
  EXPECT_FALSE(found.connection);
  EXPECT_FALSE(found.leaves(1));
  EXPECT_TRUE(limits({later, later}, kUsed).connection) << "it takes nobody";
}

// --- the transaction ---

TEST(TransactionLimit, TooManyRecipientsWhateverTheFirstDigit) {
  for (const Reply& reply : {Reply{452, {4, 5, 3}, ""}, Reply{552, {5, 5, 3}, ""},
                             Reply{550, {5, 5, 3}, ""}, Reply{550, {4, 5, 3}, ""},
                             Reply{452, {5, 5, 3}, ""}, Reply{452, {}, ""}, Reply{552, {}, ""}}) {
    EXPECT_TRUE(means_too_many_recipients(reply, Phase::Rcpt)) << reply.one_line();
    const Recipient refused{reply, Phase::Rcpt};
    const auto found = limits({kDelivered, kDelivered, refused, refused, refused}, kFresh);
    EXPECT_FALSE(found.connection);
    EXPECT_TRUE(!found.leaves(0) && !found.leaves(1) && found.leaves(2) && found.leaves(4));
    EXPECT_EQ(found.most_recipients, 2u) << "as many as it took";
  }
  EXPECT_FALSE(means_too_many_recipients({452, {4, 3, 1}, "disk"}, Phase::Rcpt));
  EXPECT_FALSE(means_too_many_recipients({452, {4, 2, 2}, "full"}, Phase::Rcpt));
  EXPECT_FALSE(means_too_many_recipients({552, {}, "too large"}, Phase::EndOfData));
}

TEST(TransactionLimit, WithoutProgressItIsAVerdict) {
  EXPECT_FALSE(limits({kTooMany, kTooMany}, kFresh).leaves(0)) << "not even one";
  const Recipient later{{451, {4, 7, 1}, "later"}, Phase::EndOfData};
  const auto found = limits({later, kTooMany}, kFresh);
  EXPECT_FALSE(found.leaves(0) || found.leaves(1)) << "nobody was decided for good";
}

TEST(TransactionLimit, AMessageWithTooManyRecipientsIsSplit) {
  const Recipient too_many{{550, {5, 5, 3}, "too many recipients"}, Phase::EndOfData};
  const auto found = limits({too_many, too_many, too_many, kUnknown, too_many}, kFresh);
  EXPECT_TRUE(found.leaves(0) && found.leaves(4));
  EXPECT_FALSE(found.leaves(3));
  EXPECT_EQ(found.most_recipients, 2u);
  EXPECT_FALSE(limits({too_many}, kFresh).leaves(0)) << "one cannot be split";
}

TEST(TransactionLimit, A503ToDataAfterTooManyRecipientsAsksForFewer) {
  const Recipient refused{{503, {}, "too many recipients"}, Phase::DataCommand};
  const auto found = limits({refused, refused, kTooMany}, kFresh);
  EXPECT_TRUE(found.leaves(0) && found.leaves(1) && found.leaves(2));
  EXPECT_EQ(found.most_recipients, 2u);
  EXPECT_FALSE(limits({refused, refused}, kFresh).leaves(0)) << "nobody spoke of a number";
}

TEST(HostLimit, AHostThatTakesNothingNowIsNoVerdict) {
  const std::vector<Reply> replies{{421, {4, 3, 2}, "closing"}, {452, {4, 3, 1}, "disk full"}, {}};
  for (const Reply& reply : replies) {
    for (const Phase phase : {Phase::Mail, Phase::Rcpt, Phase::DataCommand}) {
      EXPECT_TRUE(limits({{reply, phase}, {reply, phase}}, kFresh).host) << reply.code;
    }
    EXPECT_FALSE(limits({{reply, Phase::EndOfData}}, kFresh).host);
    EXPECT_FALSE(limits({{reply, Phase::Mail}}, kUsed).host) << "a fresh connection may do";
    EXPECT_FALSE(limits({kUnknown, {reply, Phase::Rcpt}}, kFresh).host) << "it has decided";
  }
  EXPECT_FALSE(limits({{{451, {4, 7, 1}, "greylisted"}, Phase::Rcpt}}, kFresh).host);
  EXPECT_FALSE(limits({{{452, {4, 2, 2}, "mailbox full"}, Phase::Rcpt}}, kFresh).host);
}

TEST(TransactionLimit, AConnectionThatEndsAtOneRecipientMayTakeThoseBefore) {
  for (const Reply& end : {Reply{421, {4, 5, 3}, "too many recipients"}, Reply{}}) {
    const Recipient accepted{end, Phase::DataCommand};
    const Recipient cut{end, Phase::Rcpt};
    for (const ConnectionRecord& connection : {kFresh, kUsed}) {
      const auto found = limits({accepted, accepted, cut, cut, cut}, connection);
      EXPECT_TRUE(found.connection);
      EXPECT_FALSE(found.host);
      EXPECT_EQ(found.most_recipients, 2u);
      for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(found.leaves(i)) << i;
    }
  }
}

TEST(TransactionLimit, GoesOverAnotherConnectionWhenThisOneEnds) {
  const Recipient closing{{421, {}, "bye"}, Phase::DataCommand};
  const auto found = limits({closing, kTooMany}, kUsed);
  EXPECT_TRUE(found.connection && found.leaves(0) && found.leaves(1));
}

}  // namespace
}  // namespace signpost::delivery
