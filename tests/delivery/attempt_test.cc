#include "delivery/attempt.h"

#include "delivery/outgoing_message.h"
#include "relay/admission.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using smtp::Phase;
using smtp::Reply;
using Then = Attempt::Then;

constexpr SystemTime kNow{std::chrono::seconds(1'700'000'000)};

class AttemptTest : public testing::Test {
 protected:
  // Recipients 0, 1, 2, … in y.example, with `prefixes` before the first of them.
  Attempt attempt(std::size_t recipients, const std::vector<std::string>& prefixes = {}) {
    auto message = std::make_shared<queue::Message>();
    message->envelope.reverse_path = smtp::Mailbox::from_text("orders@shop.example");
    message->envelope.deadline = deadline_;
    message->envelope.priority = 4;
    message->content = "Subject: x\r\n\r\n";
    PendingJob pending;
    pending.message = std::make_shared<OutgoingMessage>(std::move(message), admission_);
    for (std::size_t i = 0; i < recipients; ++i) {
      const std::string prefix = i < prefixes.size() ? prefixes[i] : "";
      pending.job.recipients.push_back(
          {smtp::Mailbox::from_text(prefix + std::to_string(i) + "@y.example"), {}, ""});
    }
    return Attempt(std::move(pending));
  }

  // One transaction, in which the i-th recipient gets `reply(i)`; it was `sent_` to these.
  Then transaction(Attempt& attempt,
                   const std::function<smtp::TransactionResult::Recipient(std::size_t)>& reply) {
    const smtp::ClientTransaction transaction = attempt.next_transaction(100, kNow, connection_);
    sent_.clear();
    smtp::TransactionResult result;
    for (std::size_t i = 0; i < transaction.recipients.size(); ++i) {
      const std::string_view mailbox = transaction.recipients[i].mailbox;
      sent_.emplace_back(mailbox.substr(0, mailbox.find('@')));
      result.recipients.push_back(reply(i));
    }
    return attempt.ended(result, "no reply", connection_);
  }

  // A receiver that takes `most` recipients in one transaction.
  Then takes(Attempt& attempt, std::size_t most) {
    return transaction(attempt, [most](std::size_t i) -> smtp::TransactionResult::Recipient {
      if (i >= most) return {{452, {4, 5, 3}, "too many"}, Phase::Rcpt};
      return {{250, {}, "ok"}, Phase::EndOfData};
    });
  }
  Then answers(Attempt& attempt, const Reply& reply, Phase phase) {
    return transaction(
        attempt, [&](std::size_t) { return smtp::TransactionResult::Recipient{reply, phase}; });
  }

  static std::size_t count(Attempt& attempt, Outcome outcome) {
    const auto all = attempt.take_dispositions({Outcome::Delayed, {}});
    return static_cast<std::size_t>(std::ranges::count(all, outcome, &Disposition::outcome));
  }

  relay::Admission admission_;
  ConnectionRecord connection_;
  std::optional<queue::Deadline> deadline_;
  std::vector<std::string> sent_;
};

TEST_F(AttemptTest, AVerdictOnTheContentIsARecipientsOwnIfItIsTheOnlyOne) {
  using providers::ReplyScope;
  const Reply unknown{550, {5, 1, 1}, "no such user"};
  // Of `asked` recipients `refused` are refused at RCPT, the others after the data.
  const auto scope_of_last = [&](std::size_t asked, std::size_t refused) {
    Attempt one = attempt(asked);
    transaction(one, [&](std::size_t i) -> smtp::TransactionResult::Recipient {
      return {unknown, i < refused ? Phase::Rcpt : Phase::EndOfData};
    });
    return one.take_dispositions({}).back().scope;
  };
  EXPECT_EQ(scope_of_last(1, 0), ReplyScope::Recipient);
  EXPECT_EQ(scope_of_last(3, 2), ReplyScope::Recipient);
  EXPECT_EQ(scope_of_last(3, 1), ReplyScope::Message);
  connection_.replies_to_each = true;  // LMTP
  EXPECT_EQ(scope_of_last(3, 1), ReplyScope::Recipient);
}

TEST_F(AttemptTest, WhatIsLeftUntilTheDeadlineIsRoundedDown) {
  using Mode = smtp::DeliverBy::Mode;
  Attempt without = attempt(1);
  EXPECT_EQ(without.next_transaction(100, kNow, connection_).deliver_by, std::nullopt);
  EXPECT_EQ(without.next_transaction(100, kNow, connection_).priority, 4);
  deadline_ = queue::Deadline{kNow + std::chrono::seconds(90), Mode::Return, true};
  Attempt with = attempt(1);
  EXPECT_EQ(with.next_transaction(100, kNow + std::chrono::milliseconds(1), connection_).deliver_by,
            (smtp::DeliverBy{std::chrono::seconds(89), Mode::Return, true}));
  EXPECT_EQ(with.next_transaction(100, kNow + std::chrono::seconds(91), connection_).deliver_by,
            (smtp::DeliverBy{std::chrono::seconds(-1), Mode::Return, true}));
}

TEST_F(AttemptTest, RecipientsThatNeedSmtputf8GoSeparatelyToAPeerWithoutIt) {
  const std::vector<std::string> prefixes{"", "ü", "", "ü"};
  connection_.smtputf8 = false;
  Attempt job = attempt(4, prefixes);
  const auto refused = [](std::size_t) -> smtp::TransactionResult::Recipient {
    return {{0, {5, 6, 7}, "the receiver has no SMTPUTF8"}, Phase::Mail};
  };
  EXPECT_EQ(takes(job, 1000), Then::GoOn);
  EXPECT_EQ(sent_, (std::vector<std::string>{"0", "2"}));
  EXPECT_EQ(transaction(job, refused), Then::Finish);
  EXPECT_EQ(sent_, (std::vector<std::string>{"ü1", "ü3"}));

  connection_.smtputf8 = true;
  Attempt together = attempt(4, prefixes);
  EXPECT_TRUE(together.next_transaction(100, kNow, connection_).smtputf8);
  EXPECT_TRUE(together.is_last_transaction());
}

TEST_F(AttemptTest, ManyRecipientsGoInSeveralTransactions) {
  Attempt job = attempt(250);
  EXPECT_EQ(takes(job, 1000), Then::GoOn);
  EXPECT_EQ(sent_.size(), 100u);
  EXPECT_EQ(takes(job, 1000), Then::GoOn);
  EXPECT_EQ(takes(job, 1000), Then::Finish);
  EXPECT_EQ(sent_.size(), 50u);
  EXPECT_EQ(count(job, Outcome::Delivered), 250u);
  EXPECT_EQ(connection_.delivered, 3u);
}

TEST_F(AttemptTest, RecipientsBeyondTheLimitGoInTheNextTransaction) {
  Attempt job = attempt(25);
  EXPECT_EQ(takes(job, 10), Then::GoOn);
  EXPECT_EQ(takes(job, 10), Then::GoOn);
  EXPECT_EQ(sent_.size(), 10u) << "no more than it took before";
  EXPECT_EQ(sent_.front(), "10");
  EXPECT_EQ(takes(job, 10), Then::Finish);
  EXPECT_EQ(count(job, Outcome::Delivered), 25u);
}

TEST_F(AttemptTest, ALimitOfOneRecipientCausesNoWait) {
  Attempt job = attempt(20);
  for (int i = 0; i < 19; ++i) ASSERT_EQ(takes(job, 1), Then::GoOn);
  EXPECT_EQ(takes(job, 1), Then::Finish);
  EXPECT_EQ(count(job, Outcome::Delivered), 20u);
}

TEST_F(AttemptTest, AMessageIsSplitUntilItPasses) {
  Attempt job = attempt(40);
  const Reply too_many{554, {5, 5, 3}, "too many recipients"};
  EXPECT_EQ(answers(job, too_many, Phase::EndOfData), Then::GoOn);
  EXPECT_EQ(answers(job, too_many, Phase::EndOfData), Then::GoOn);
  EXPECT_EQ(sent_.size(), 20u);
  EXPECT_TRUE(job.untouched());
  for (int i = 0; i < 4; ++i) takes(job, 1000);
  EXPECT_EQ(sent_.size(), 10u);
  EXPECT_EQ(count(job, Outcome::Delivered), 40u);
}

TEST_F(AttemptTest, TooManyForOneIsPutOffAndNotRefused) {
  Attempt job = attempt(8);
  Then then = Then::GoOn;
  int transactions = 0;
  while (then == Then::GoOn) {
    then = answers(job, {554, {5, 5, 3}, "too many recipients"}, Phase::EndOfData);
    ASSERT_LT(++transactions, 20);
  }
  EXPECT_EQ(then, Then::Finish);
  EXPECT_EQ(count(job, Outcome::Delayed), 8u);
}

TEST_F(AttemptTest, ARefusalOnAUsedConnectionDecidesNothing) {
  connection_ = {.transactions = 10, .delivered = 10};
  Attempt job = attempt(3);
  EXPECT_EQ(answers(job, {550, {}, "enough"}, Phase::Mail), Then::Reconnect);
  EXPECT_TRUE(job.untouched());
  EXPECT_TRUE(job.may_go_elsewhere());
  connection_ = {};
  EXPECT_EQ(answers(job, {550, {}, "enough"}, Phase::Mail), Then::Finish) << "it opened this one";
  EXPECT_EQ(count(job, Outcome::Failed), 3u);
}

TEST_F(AttemptTest, WithoutProgressTheRestGetTheReplyThatLimitedThem) {
  connection_ = {.transactions = 1, .delivered = 1};
  Attempt job = attempt(2);
  const Then then = transaction(job, [](std::size_t i) -> smtp::TransactionResult::Recipient {
    if (i == 0) return {{451, {4, 7, 1}, "greylisted"}, Phase::Rcpt};
    return {{452, {4, 4, 5}, "enough"}, Phase::DataCommand};
  });
  EXPECT_EQ(then, Then::Reconnect);
  EXPECT_FALSE(job.may_go_elsewhere()) << "it could go round for ever";
  const auto all = job.take_dispositions({Outcome::Delayed, {}});
  EXPECT_EQ(all[1].outcome, Outcome::Delayed);
  EXPECT_EQ(all[1].reply.text, "enough");
}

TEST_F(AttemptTest, AHostThatTakesNothingNowLeavesTheMailToTheNextOne) {
  Attempt mail = attempt(2);
  const auto busy = [](std::size_t) -> smtp::TransactionResult::Recipient {
    return {{421, {4, 3, 2}, "closing"}, Phase::Mail};
  };
  EXPECT_EQ(transaction(mail, busy), Then::NextHost);
  EXPECT_TRUE(mail.untouched());
  EXPECT_EQ(mail.last_disposition().reply.code, 421);
  connection_ = {};
  EXPECT_EQ(transaction(mail, busy), Then::NextHost);
  for (const Disposition& each : mail.take_dispositions({})) {
    EXPECT_EQ(each.outcome, Outcome::Delayed);
    EXPECT_EQ(each.reply.code, 421);
  }
}

TEST_F(AttemptTest, ADemandForTlsThatCouldNotBeStartedIsNoVerdict) {
  const auto demands = [](std::size_t) -> smtp::TransactionResult::Recipient {
    return {{530, {5, 7, 0}, "Must issue a STARTTLS command first"}, Phase::Mail};
  };
  Attempt without_offer = attempt(1);
  EXPECT_EQ(transaction(without_offer, demands), Then::Finish);
  EXPECT_EQ(without_offer.take_dispositions({}).front().outcome, Outcome::Failed);
  connection_ = {};
  connection_.tls_failure = "454 4.7.0 TLS not available";
  Attempt mail = attempt(1);
  EXPECT_EQ(transaction(mail, demands), Then::Finish);
  const Disposition found = mail.take_dispositions({}).front();
  EXPECT_EQ(found.outcome, Outcome::Delayed);
  EXPECT_EQ(found.reply.status, (smtp::EnhancedStatus{4, 7, 5}));
  EXPECT_TRUE(found.reply.text.contains("454 4.7.0 TLS not available")) << found.reply.text;
  EXPECT_TRUE(found.reply.text.contains("530 5.7.0 Must issue")) << found.reply.text;
}

TEST_F(AttemptTest, WhatWasDecidedStaysDecided) {
  Attempt job = attempt(3);
  const Then then = transaction(job, [](std::size_t i) -> smtp::TransactionResult::Recipient {
    if (i == 0) return {{550, {5, 1, 1}, "unknown"}, Phase::Rcpt};
    return {{421, {4, 7, 0}, "too many errors"}, Phase::Rcpt};
  });
  EXPECT_EQ(then, Then::Reconnect);
  EXPECT_TRUE(job.has_progress() && job.may_go_elsewhere() && !job.untouched());
  const auto all = job.take_dispositions({Outcome::Delayed, {}});
  EXPECT_EQ(all[0].outcome, Outcome::Failed);
  EXPECT_EQ(all[1].outcome, Outcome::Delayed);
}

}  // namespace
}  // namespace signpost::delivery
