#include "delivery/disposition.h"

#include <gtest/gtest.h>

namespace signpost::delivery {
namespace {

using smtp::ClientDialog;
using smtp::Phase;

Outcome outcome(int code, Phase phase, smtp::EnhancedStatus status = {}) {
  return of_recipient({{code, status, "text"}, phase}, "connection lost", true).outcome;
}

TEST(Disposition, OnlyTheReplyToTheEndOfDataDelivers) {
  EXPECT_EQ(outcome(250, Phase::EndOfData), Outcome::Delivered);
  EXPECT_EQ(outcome(250, Phase::Rcpt), Outcome::Delayed);
  EXPECT_EQ(outcome(250, Phase::Mail), Outcome::Delayed);
}

TEST(Disposition, PermanentRepliesFailAtEachCommand) {
  for (const Phase phase : {Phase::Mail, Phase::Rcpt, Phase::DataCommand, Phase::EndOfData}) {
    EXPECT_EQ(outcome(550, phase), Outcome::Failed);
    EXPECT_EQ(outcome(451, phase), Outcome::Delayed);
  }
}

TEST(Disposition, AnOldServersTooManyRecipientsIsNotFinal) {
  EXPECT_EQ(outcome(552, Phase::Rcpt), Outcome::Delayed);
  EXPECT_EQ(outcome(552, Phase::Rcpt, {5, 2, 2}), Outcome::Failed) << "it says what it means";
  EXPECT_EQ(outcome(552, Phase::EndOfData), Outcome::Failed);
}

TEST(Disposition, TooManyRecipientsIsNeverFinal) {
  for (const Phase phase : {Phase::Rcpt, Phase::DataCommand, Phase::EndOfData}) {
    EXPECT_EQ(outcome(550, phase, {5, 5, 3}), Outcome::Delayed);
  }
}

TEST(Disposition, KnowsWhoseReplyItHas) {
  EXPECT_TRUE(of_recipient({{550, {5, 1, 1}, "no"}, Phase::Rcpt}, "", true).said_by_receiver());
  EXPECT_FALSE(of_recipient({{}, Phase::Rcpt}, "timed out", true).said_by_receiver());
  EXPECT_FALSE(
      of_recipient({{0, {5, 3, 4}, "too large"}, Phase::Mail}, "", true).said_by_receiver());
  EXPECT_FALSE(local(Outcome::Failed, {5, 4, 6}, "loops").said_by_receiver());
}

TEST(Disposition, OnlyWhatIsSaidOfOneRecipientSpeaksOfIt) {
  using providers::ReplyScope;
  const auto scope = [](Phase phase, bool alone) {
    return of_recipient({{550, {5, 1, 1}, "no such user"}, phase}, "", alone).scope;
  };
  EXPECT_EQ(scope(Phase::Mail, true), ReplyScope::Sender);
  EXPECT_EQ(scope(Phase::Rcpt, false), ReplyScope::Recipient);
  EXPECT_EQ(scope(Phase::DataCommand, true), ReplyScope::Message);
  EXPECT_EQ(scope(Phase::EndOfData, true), ReplyScope::Recipient);
  EXPECT_EQ(scope(Phase::EndOfData, false), ReplyScope::Message);
  for (const Phase phase : {Phase::Greeting, Phase::Hello, Phase::StartTls}) {
    const auto failure = of_closed_session({ClientDialog::Close::Reason::Refused,
                                            phase,
                                            {550, {5, 1, 1}, "no such user"},
                                            "",
                                            std::nullopt});
    EXPECT_EQ(failure.disposition.scope, ReplyScope::Sender);
  }
}

TEST(Disposition, RepliesThatFitNoCommandAreTriedAgain) {
  EXPECT_EQ(outcome(354, Phase::Rcpt), Outcome::Delayed);
  EXPECT_EQ(outcome(354, Phase::EndOfData), Outcome::Delayed);
}

TEST(Disposition, ALostConnectionSaysWhereItWasLost) {
  const auto disposition = of_recipient({{}, Phase::EndOfData}, "timed out", true);
  EXPECT_EQ(disposition.outcome, Outcome::Delayed);
  EXPECT_EQ(disposition.reply.code, 0);
  EXPECT_EQ(disposition.reply.status, (smtp::EnhancedStatus{4, 4, 2}));
  EXPECT_TRUE(disposition.reply.text.starts_with("timed out while ")) << disposition.reply.text;
}

TEST(Disposition, WhatTheDialogDecidedItselfKeepsItsClass) {
  EXPECT_EQ(of_recipient({{0, {5, 6, 7}, "needs SMTPUTF8"}, Phase::Mail}, "", true).outcome,
            Outcome::Failed);
  EXPECT_EQ(of_recipient({{0, {4, 3, 1}, "later"}, Phase::Mail}, "", true).outcome,
            Outcome::Delayed);
}

ClientDialog::Close close(ClientDialog::Close::Reason reason, smtp::Reply reply) {
  return {reason, Phase::Greeting, std::move(reply), "connection refused", std::nullopt};
}

TEST(HostFailure, ARefusingGreetingBlamesTheHostNotTheMessage) {
  const auto failure =
      of_closed_session(close(ClientDialog::Close::Reason::Refused, {554, {5, 7, 1}, "blocked"}));
  EXPECT_EQ(failure.disposition.outcome, Outcome::Delayed);
  EXPECT_TRUE(failure.try_next_host);
}

TEST(HostFailure, AHostThatNeverTakesMailIsFinal) {
  const auto host = of_closed_session(close(ClientDialog::Close::Reason::Refused, {521, {}, "no"}));
  EXPECT_EQ(host.disposition.outcome, Outcome::Failed);
  EXPECT_TRUE(host.try_next_host) << "RFC 7504 section 2: another MX host may";
  const auto domain =
      of_closed_session(close(ClientDialog::Close::Reason::Refused, {556, {}, "no"}));
  EXPECT_FALSE(domain.try_next_host);
}

TEST(HostFailure, MissingTlsIsATemporaryFailureOfThisHost) {
  const auto failure = of_closed_session(close(ClientDialog::Close::Reason::TlsUnavailable, {}));
  EXPECT_EQ(failure.disposition.outcome, Outcome::Delayed);
  EXPECT_EQ(failure.disposition.reply.status, (smtp::EnhancedStatus{4, 7, 5}));
  EXPECT_TRUE(failure.try_next_host);
}

TEST(HostFailure, ARefusedLoginIsNoRecipientsFault) {
  const auto failure = of_closed_session(
      close(ClientDialog::Close::Reason::AuthFailed, {535, {5, 7, 8}, "bad credentials"}));
  EXPECT_EQ(failure.disposition.outcome, Outcome::Delayed);
  EXPECT_EQ(failure.disposition.reply.one_line(),
            "4.7.8 the next hop refused the login: 535 5.7.8 bad credentials");
  EXPECT_TRUE(failure.disposition.said_by_receiver()) << "asked again only with the mail";
  EXPECT_TRUE(failure.try_next_host) << "another next hop has another login";
  const auto unoffered = of_closed_session(close(ClientDialog::Close::Reason::AuthFailed, {}));
  EXPECT_EQ(unoffered.disposition.outcome, Outcome::Delayed);
  EXPECT_EQ(unoffered.disposition.reply.status, (smtp::EnhancedStatus{4, 7, 8}));
}

TEST(MxDisposition, NullMxAndMissingDomainsFailAndTroubleIsTemporary) {
  using MxOutcome = dns::MxAnswer::Outcome;
  dns::MxAnswer answer;
  answer.outcome = MxOutcome::NullMx;
  EXPECT_EQ(of_mx_answer(answer, "a.example").reply.status, (smtp::EnhancedStatus{5, 1, 10}));
  EXPECT_EQ(of_mx_answer(answer, "a.example").outcome, Outcome::Failed);
  answer.outcome = MxOutcome::Unusable;
  answer.detail = "localhost";
  EXPECT_EQ(of_mx_answer(answer, "a.example").reply.status, (smtp::EnhancedStatus{5, 4, 4}));
  EXPECT_EQ(of_mx_answer(answer, "a.example").outcome, Outcome::Failed);
  EXPECT_NE(of_mx_answer(answer, "a.example").reply.text.find("but localhost"), std::string::npos);
  answer.outcome = MxOutcome::NxDomain;
  EXPECT_EQ(of_mx_answer(answer, "a.example").reply.status, (smtp::EnhancedStatus{5, 1, 2}));
  answer.outcome = MxOutcome::Temporary;
  EXPECT_EQ(of_mx_answer(answer, "a.example").outcome, Outcome::Delayed);
}

}  // namespace
}  // namespace signpost::delivery
