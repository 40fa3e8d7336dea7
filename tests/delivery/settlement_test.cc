#include "delivery/settlement.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signpost::delivery {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class SettlementTest : public testing::Test {
 protected:
  SettlementTest() {
    auto config = std::make_shared<config::Config>();
    config->hostname = "mail.shop.example";
    config->postmaster = "postmaster@shop.example";
    settings_.config = config;
    settings_.retry = {.delays = {minutes(5), minutes(30)},
                       .expire = hours(48),
                       .delay_notice = hours(4),
                       .jitter = 0.1};
    envelope_.reverse_path = smtp::Mailbox::from_text("orders@shop.example");
    envelope_.received = SystemTime(seconds(1'700'000'000));
    job_.lane = {"example.net", "shop", ""};
    job_.due = envelope_.received;
    for (const char* name : {"a", "b", "c"}) {
      job_.recipients.push_back({smtp::Mailbox(name, "example.net"), {}, ""});
    }
    facts_.mx = "mx.example.net";
  }

  static Disposition delivered() { return {Outcome::Delivered, {250, {2, 0, 0}, "ok"}}; }
  static Disposition delayed() { return {Outcome::Delayed, {451, {4, 2, 0}, "later"}}; }
  static Disposition refused() { return {Outcome::Failed, {550, {5, 1, 1}, "no such user"}}; }

  static AttemptFacts untried() {
    AttemptFacts facts;
    facts.attempted = false;
    return facts;
  }

  // The message is of this age now; the clock of schedules is `ahead` of the system's.
  Settlement settle(std::vector<Disposition> dispositions, seconds age = seconds(1),
                    seconds ahead = seconds(0), double dice = 0) {
    now_ = envelope_.received + age;
    return delivery::settle(job_, envelope_, std::move(dispositions), facts_, settings_,
                            {now_, now_ + ahead, dice});
  }
  std::vector<std::string> left(const Settlement& settlement) const {
    std::vector<std::string> names;
    if (!settlement.after) return names;
    for (const auto& recipient : settlement.after->recipients)
      names.push_back(recipient.mailbox.text());
    return names;
  }
  std::vector<message::Action> reports(const Settlement& settlement) const {
    std::vector<message::Action> actions;
    std::uint8_t next = 1;
    for (const auto& report : settlement.notifications.build("Subject: x\r\n\r\n", [&] {
           queue::MessageId id;
           id.octets[9] = next++;
           return id;
         })) {
      actions.push_back(report.action);
    }
    return actions;
  }

  relay::Settings settings_;
  queue::Envelope envelope_;
  queue::Job job_;
  AttemptFacts facts_;
  SystemTime now_;
};

TEST_F(SettlementTest, NothingIsLeftWhenAllIsDelivered) {
  const Settlement settlement = settle({delivered(), delivered(), delivered()});
  EXPECT_FALSE(settlement.after);
  EXPECT_TRUE(settlement.changed);
  EXPECT_FALSE(settlement.next_attempt);
  EXPECT_FALSE(settlement.notifications.any());
}

TEST_F(SettlementTest, OnlyDelayedRecipientsAreKept) {
  const Settlement settlement = settle({delivered(), delayed(), refused()});
  EXPECT_EQ(left(settlement), (std::vector<std::string>{"b@example.net"}));
  EXPECT_EQ(settlement.after->ref.revision, job_.ref.revision + 1);
  EXPECT_EQ(settlement.after->state, queue::JobState::Deferred);
  EXPECT_EQ(settlement.after->attempts, 1u);
  EXPECT_EQ(settlement.after->last_attempt, now_);
  EXPECT_EQ(settlement.after->last_remote, "mx.example.net");
  EXPECT_EQ(settlement.after->last_reply.text, "later");
  EXPECT_EQ(reports(settlement), (std::vector{message::Action::Failed}));
}

TEST_F(SettlementTest, TheNextAttemptFollowsTheNumberOfAttempts) {
  const auto wait = [this](double dice) {
    const Settlement settlement =
        settle({delayed(), delayed(), delayed()}, seconds(1), seconds(0), dice);
    return settlement.next_attempt.value_or(now_) - now_;
  };
  EXPECT_EQ(wait(0), minutes(5));
  job_.attempts = 1;
  EXPECT_EQ(wait(0), minutes(30));
  EXPECT_EQ(wait(0.5), minutes(30) + seconds(90));
}

TEST_F(SettlementTest, TheDueTimeIsByTheClockOfSchedules) {
  const Settlement settlement = settle({delayed(), delayed(), delayed()}, seconds(1), hours(1));
  EXPECT_EQ(settlement.next_attempt, now_ + minutes(5)) << "for people";
  EXPECT_EQ(settlement.after->due, now_ + minutes(5) + hours(1));
}

TEST_F(SettlementTest, ADelayedRecipientOfAnOldMessageExpires) {
  const Settlement settlement = settle({delivered(), delayed(), refused()}, hours(48));
  EXPECT_FALSE(settlement.after);
  EXPECT_EQ(settlement.recipients[0].disposition.outcome, Outcome::Delivered);
  EXPECT_EQ(settlement.recipients[1].disposition.outcome, Outcome::Failed);
  EXPECT_TRUE(settlement.recipients[1].expired);
  EXPECT_FALSE(settlement.recipients[2].expired) << "it was refused";
  EXPECT_EQ(reports(settlement), (std::vector{message::Action::Failed}));
}

TEST_F(SettlementTest, ExpiresWhenTheNextAttemptWouldComeTooLate) {
  EXPECT_TRUE(settle({delayed(), delayed(), delayed()}, hours(48) - minutes(5)).after);
  EXPECT_FALSE(settle({delayed(), delayed(), delayed()}, hours(48) - minutes(4)).after);
}

TEST_F(SettlementTest, TheSenderIsNotifiedOnceOfADelay) {
  EXPECT_TRUE(reports(settle({delayed(), delayed(), delayed()}, hours(3))).empty());
  const Settlement first = settle({delayed(), delayed(), delayed()}, hours(4));
  EXPECT_EQ(reports(first), (std::vector{message::Action::Delayed}));
  ASSERT_TRUE(first.after);
  EXPECT_TRUE(first.after->delay_notified);
  job_.delay_notified = true;
  const Settlement second = settle({delayed(), delayed(), delayed()}, hours(5));
  EXPECT_TRUE(reports(second).empty());
  EXPECT_TRUE(second.after->delay_notified);
}

TEST_F(SettlementTest, SuccessIsReportedUnlessTheNextServerDoes) {
  for (auto& recipient : job_.recipients) recipient.notify = {smtp::Notify::kSuccess};
  EXPECT_EQ(reports(settle({delivered(), delivered(), delivered()})),
            (std::vector{message::Action::Relayed}));
  facts_.dsn_handed_on = true;
  EXPECT_FALSE(settle({delivered(), delivered(), delivered()}).notifications.any());
}

// --- what the sender asked about time ---

TEST_F(SettlementTest, TheAgeOfMailThatWasHeldCountsFromItsRelease) {
  envelope_.release = envelope_.received + hours(72);
  EXPECT_TRUE(settle({delayed(), delayed(), delayed()}, hours(73)).after);
  EXPECT_TRUE(reports(settle({delayed(), delayed(), delayed()}, hours(75))).empty());
  EXPECT_EQ(reports(settle({delayed(), delayed(), delayed()}, hours(76))),
            (std::vector{message::Action::Delayed}));
  EXPECT_FALSE(settle({delayed(), delayed(), delayed()}, hours(72 + 48)).after);
}

TEST_F(SettlementTest, MailToBeReturnedIsTriedMoreOftenAndGivenUpAtItsDeadline) {
  envelope_.deadline =
      queue::Deadline{envelope_.received + minutes(8), smtp::DeliverBy::Mode::Return};
  const auto wait = [this](seconds age) -> std::optional<seconds> {
    const Settlement settlement = settle({delayed(), delayed(), delayed()}, age);
    if (!settlement.next_attempt) return {};
    return std::chrono::duration_cast<seconds>(*settlement.next_attempt - now_);
  };
  EXPECT_EQ(wait(seconds(0)), minutes(4)) << "half of what is left, instead of five minutes";
  EXPECT_EQ(wait(minutes(4)), minutes(2));
  EXPECT_EQ(wait(minutes(6)), minutes(1));
  EXPECT_EQ(wait(minutes(7)), seconds(30));
  EXPECT_EQ(wait(minutes(7) + seconds(30)), seconds(15));
  EXPECT_EQ(wait(minutes(7) + seconds(50)), seconds(5));
  EXPECT_EQ(wait(minutes(7) + seconds(51)), std::nullopt) << "no time for an attempt";
  const Settlement late = settle({delayed(), delayed(), delayed()}, minutes(8));
  EXPECT_FALSE(late.after);
  EXPECT_TRUE(late.recipients[0].expired);
  EXPECT_EQ(reports(late), (std::vector{message::Action::Failed}));
}

TEST_F(SettlementTest, TheShortestDeadlineLeavesTimeToTryAgain) {
  envelope_.deadline =
      queue::Deadline{envelope_.received + seconds(60), smtp::DeliverBy::Mode::Return};
  EXPECT_TRUE(settle({delayed(), delayed(), delayed()}, seconds(1)).next_attempt);
}

TEST_F(SettlementTest, ADeadlineFarAwayChangesNothing) {
  envelope_.deadline =
      queue::Deadline{envelope_.received + hours(1000), smtp::DeliverBy::Mode::Return};
  const Settlement first = settle({delayed(), delayed(), delayed()});
  EXPECT_EQ(first.next_attempt, now_ + minutes(5));
  EXPECT_FALSE(settle({delayed(), delayed(), delayed()}, hours(48)).after);
}

TEST_F(SettlementTest, ASenderThatWantsWordAtADeadlineGetsItThenAndOnce) {
  envelope_.deadline =
      queue::Deadline{envelope_.received + hours(6), smtp::DeliverBy::Mode::Notify};
  EXPECT_TRUE(reports(settle({delayed(), delayed(), delayed()}, hours(5))).empty())
      << "not when the schedule says";
  const Settlement before = settle({delayed(), delayed(), delayed()}, hours(6) - minutes(1));
  EXPECT_EQ(before.next_attempt, now_ + minutes(1)) << "that attempt shows whether it is late";
  EXPECT_EQ(reports(settle({delayed(), delayed(), delayed()}, hours(6))),
            (std::vector{message::Action::Delayed}));
  job_.delay_notified = true;
  const Settlement later = settle({delayed(), delayed(), delayed()}, hours(7));
  EXPECT_TRUE(reports(later).empty());
  EXPECT_EQ(later.next_attempt, now_ + minutes(5)) << "attempts go on";
}

TEST_F(SettlementTest, WithoutAnAttemptADeadlineCountsToo) {
  facts_ = untried();
  envelope_.deadline =
      queue::Deadline{envelope_.received + minutes(10), smtp::DeliverBy::Mode::Return};
  EXPECT_FALSE(settle({delayed(), delayed(), delayed()}, minutes(9)).changed);
  EXPECT_FALSE(settle({delayed(), delayed(), delayed()}, minutes(10)).after);
}

// --- nothing was tried ---

TEST_F(SettlementTest, WithoutAnAttemptAJobStaysAsItIs) {
  facts_ = untried();
  job_.attempts = 3;
  job_.last_reply = {451, {4, 2, 0}, "what the host said"};
  const Settlement settlement = settle({delayed(), delayed(), delayed()}, hours(3));
  EXPECT_FALSE(settlement.changed);
  ASSERT_TRUE(settlement.after);
  queue::Job same = *settlement.after;
  same.ref = job_.ref;
  EXPECT_EQ(same, job_);
  EXPECT_FALSE(settlement.next_attempt);
}

TEST_F(SettlementTest, WithoutAnAttemptANoticeOfDelayIsAllThatChanges) {
  facts_ = untried();
  const Settlement settlement = settle({delayed(), delayed(), delayed()}, hours(5));
  EXPECT_TRUE(settlement.changed);
  ASSERT_TRUE(settlement.after);
  EXPECT_TRUE(settlement.after->delay_notified);
  EXPECT_EQ(settlement.after->due, job_.due);
  EXPECT_EQ(settlement.after->attempts, 0u);
  EXPECT_EQ(settlement.after->state, queue::JobState::Ready);
  EXPECT_EQ(reports(settlement), (std::vector{message::Action::Delayed}));
}

TEST_F(SettlementTest, WithoutAnAttemptAnOldJobExpiresAndAYoungerOneGoesOn) {
  facts_ = untried();
  job_.delay_notified = true;
  EXPECT_FALSE(settle({delayed(), delayed(), delayed()}, hours(48) - seconds(1)).changed)
      << "the next attempt does not matter: it was not made";
  const Settlement settlement = settle({delayed(), delayed(), delayed()}, hours(48));
  EXPECT_TRUE(settlement.changed);
  EXPECT_FALSE(settlement.after);
  for (const RecipientSettlement& part : settlement.recipients) EXPECT_TRUE(part.expired);
}

TEST_F(SettlementTest, WhatIsLeftOfAHeldJobNeitherExpiresNorIsReported) {
  facts_ = untried();
  job_.state = queue::JobState::Held;
  const Settlement settlement = settle({delayed(), refused(), delayed()}, hours(49));
  EXPECT_EQ(left(settlement), (std::vector<std::string>{"a@example.net", "c@example.net"}));
  EXPECT_EQ(settlement.after->state, queue::JobState::Held);
  EXPECT_FALSE(settlement.after->delay_notified);
  EXPECT_EQ(reports(settlement), (std::vector{message::Action::Failed}));
}

// --- the attempt continues ---

TEST_F(SettlementTest, AnUnfinishedAttemptLeavesTheRestAsItIs) {
  facts_.unfinished = true;
  job_.attempts = 3;
  job_.last_reply = {451, {4, 2, 0}, "what the host said then"};
  // Neither the notice nor the expiry of old mail matters here.
  const Settlement settlement = settle({delivered(), delayed(), refused()}, hours(49));
  EXPECT_TRUE(settlement.changed);
  EXPECT_EQ(left(settlement), (std::vector<std::string>{"b@example.net"}));
  EXPECT_EQ(settlement.after->attempts, 3u);
  EXPECT_EQ(settlement.after->due, job_.due);
  EXPECT_EQ(settlement.after->state, job_.state);
  EXPECT_EQ(settlement.after->last_reply, job_.last_reply);
  EXPECT_FALSE(settlement.next_attempt) << "it is not a deferral";
  EXPECT_EQ(reports(settlement), (std::vector{message::Action::Failed}));
}

TEST_F(SettlementTest, AClockThatWentBackExpiresNothing) {
  EXPECT_TRUE(settle({delayed(), delayed(), delayed()}, -hours(24 * 30)).after);
}

}  // namespace
}  // namespace signpost::delivery
