#include "delivery/notification.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/random.h"
#include "base/utc.h"
#include "delivery/message_age.h"
#include "message/date_time.h"
#include "relay/route.h"
#include "relay/sender_proof.h"
#include "smtp/address.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::size_t kMostReply = 1000;  // octets; a report shows fewer

// For people, in the largest unit that fits.
std::string in_words(std::chrono::seconds duration) {
  const auto seconds = duration.count();
  if (seconds >= 2 * 86400) return fmt::format("{} days", seconds / 86400);
  if (seconds >= 2 * 3600) return fmt::format("{} hours", seconds / 3600);
  if (seconds >= 2 * 60) return fmt::format("{} minutes", seconds / 60);
  return fmt::format("{} seconds", seconds);
}

// A status that fits the action (RFC 3464 section 2.3.4): receivers say "450 5.1.1" and
// "550 4.2.2", and programs that read reports go by its class. Expired mail keeps the class of
// its last delay, 4.
std::string status_of(smtp::EnhancedStatus status, message::Action action, bool expired) {
  switch (action) {
    case message::Action::Failed:
      if (!expired || !status.present()) status.class_digit = 5;
      break;
    case message::Action::Delayed:
      status.class_digit = 4;
      break;
    case message::Action::Delivered:
    case message::Action::Relayed:
      status.class_digit = 2;
      break;
  }
  return status.text();
}

// Whether the sender learns of a delivery that we see the end of: the next server will report on it
// no more, or the sender wants to follow its way (RFC 3461 section 5.2.2, RFC 2852).
bool reports_relaying(const queue::Envelope& envelope, const queue::Recipient& recipient,
                      const AttemptFacts& facts) {
  if ((recipient.notify.bits & smtp::Notify::kNever) != 0) return false;
  if (recipient.notify.on_success() && !facts.dsn_handed_on) return true;
  if (!envelope.deadline) return false;
  return envelope.deadline->trace || (!envelope.deadline->returns() && !facts.deadline_handed_on);
}

// A sender that asked for word at a deadline gets it without NOTIFY=DELAY (RFC 2852).
bool reports_delay(const queue::Envelope& envelope, const queue::Recipient& recipient) {
  if (recipient.notify.on_delay()) return true;
  return envelope.deadline && (recipient.notify.bits & smtp::Notify::kNever) == 0;
}

// What the sender asked about the time of release, as Future-Release-Request has it (RFC 4865).
std::string hold_text(const queue::Envelope& envelope) {
  if (envelope.release == SystemTime{}) return "";
  if (!envelope.held_for) return "until;" + utc_text(envelope.release);
  const auto interval =
      std::chrono::round<std::chrono::seconds>(envelope.release - envelope.received);
  return fmt::format("for;{}", interval.count());
}

}  // namespace

Notifications::Notifications(const queue::Envelope& envelope, const relay::Settings& settings,
                             SystemTime now)
    : envelope_(envelope), settings_(settings), now_(now) {}

message::NotifiedRecipient Notifications::notified(const queue::Recipient& recipient,
                                                   const Disposition& disposition,
                                                   std::string_view mx, message::Action action,
                                                   bool expired) const {
  message::NotifiedRecipient out;
  out.final_recipient = recipient.mailbox.text();
  out.original_recipient = recipient.original_recipient;
  out.action = action;
  out.status = status_of(disposition.reply.status, action, expired);
  out.remote_mta = mx;
  if (disposition.reply.code != 0) {
    out.diagnostic = disposition.reply.one_line().substr(0, kMostReply);
  } else {
    out.explanation = disposition.reply.text.substr(0, kMostReply);
  }
  out.last_attempt = now_;
  return out;
}

void Notifications::failed(const queue::Recipient& recipient, const Disposition& disposition,
                           std::string_view mx, bool expired) {
  if (!recipient.notify.on_failure()) return;
  message::NotifiedRecipient report =
      notified(recipient, disposition, mx, message::Action::Failed, expired);
  if (expired) {
    const bool late =
        give_up_time(envelope_, settings_.retry) < envelope_.sent() + settings_.retry.expire;
    if (!disposition.reply.status.present()) report.status = "4.4.7";
    if (late) report.status = "5.4.7";
    const std::string given_up =
        late ? "not delivered by " + message::date_time(envelope_.deadline->time) +
                   ", as its sender wanted"
             : fmt::format("not delivered within {}", in_words(settings_.retry.expire));
    report.explanation = report.explanation.empty()
                             ? given_up
                             : fmt::format("{}; last error: {}", given_up, report.explanation);
  }
  failed_.push_back(std::move(report));
}

void Notifications::delayed(const queue::Recipient& recipient, const Disposition& disposition,
                            std::string_view mx) {
  if (!reports_delay(envelope_, recipient)) return;
  message::NotifiedRecipient report =
      notified(recipient, disposition, mx, message::Action::Delayed);
  report.will_retry_until = give_up_time(envelope_, settings_.retry);
  delayed_.push_back(std::move(report));
}

void Notifications::relayed(const queue::Recipient& recipient, const Disposition& disposition,
                            const AttemptFacts& facts) {
  if (!reports_relaying(envelope_, recipient, facts)) return;
  relayed_.push_back(notified(recipient, disposition, facts.mx, message::Action::Relayed));
}

queue::Change::Enqueued Notifications::enqueue(
    const std::vector<message::NotifiedRecipient>& recipients, std::string_view content,
    queue::MessageId id) const {
  const config::Config& config = *settings_.config;
  const smtp::Mailbox& to = *envelope_.reverse_path;
  message::StatusNotification notification;
  notification.reporting_mta = config.hostname;
  notification.from = config.postmaster;
  notification.to = to.text();
  notification.message_id = fmt::format("<{}@{}>", id.text(), config.hostname);
  notification.boundary = fmt::format("=_{}_{:016x}", id.text(), Random::local()());
  notification.envelope_id = envelope_.envelope_id;
  notification.queue_id = envelope_.id.text();
  notification.arrival = envelope_.received;
  if (envelope_.deadline) notification.deliver_by = envelope_.deadline->time;
  notification.hold = hold_text(envelope_);
  notification.now = now_;
  // A sender that needs SMTPUTF8 has a server that takes the forms of RFC 6533. The server of any
  // other may not know SMTPUTF8 and refuse such a report, whatever the message needed.
  notification.smtputf8 = to.needs_smtputf8();
  notification.recipients = recipients;
  notification.original = content;
  // The content goes only to those who are known to have sent it.
  notification.return_full = &recipients == &failed_ && envelope_.ret == smtp::Return::Full &&
                             relay::proves_sender(settings_, envelope_.login) &&
                             content.size() <= config.bounces.content;

  auto message = std::make_shared<queue::Message>();
  message->content = message::build(notification);
  queue::Envelope& envelope = message->envelope;
  envelope.id = id;
  envelope.peer = "internal";
  envelope.from_domain = smtp::domain_of(config.postmaster);
  envelope.message_id = notification.message_id;
  envelope.received = now_;
  envelope.size = message->content.size();
  envelope.eight_bit = !ascii::is_ascii(message->content);
  envelope.smtputf8 = notification.smtputf8;
  envelope.notification = true;

  queue::Job job;
  job.ref.id = id;
  job.lane = relay::lane_of(config, "", std::nullopt, std::string(to.domain()));
  job.due = now_;
  job.recipients.push_back({to, {smtp::Notify::kNever}, ""});
  queue::Change::Enqueued enqueued;
  enqueued.message = std::move(message);
  enqueued.jobs.push_back(std::move(job));
  return enqueued;
}

std::vector<Notifications::Report> Notifications::build(
    std::string_view content, const std::function<queue::MessageId()>& next_id) const {
  std::vector<Report> reports;
  for (const auto* recipients : {&failed_, &delayed_, &relayed_}) {
    if (recipients->empty()) continue;
    CHECK(envelope_.reverse_path.has_value());
    reports.push_back({recipients->front().action, enqueue(*recipients, content, next_id())});
  }
  return reports;
}

void Notifications::add(Notifications&& other) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(failed_, other.failed_);
  append(delayed_, other.delayed_);
  append(relayed_, other.relayed_);
  append(dropped_, other.dropped_);
}

Notifications Notifications::take_relayed() {
  Notifications taken(envelope_, settings_, now_);
  taken.relayed_ = std::exchange(relayed_, {});
  return taken;
}

void Notifications::limit(
    const std::function<std::optional<relay::DropReason>(message::Action)>& refused) {
  for (auto* recipients : {&failed_, &delayed_, &relayed_}) {
    if (recipients->empty()) continue;
    const message::NotifiedRecipient& first = recipients->front();
    const auto reason = refused(first.action);
    if (!reason) continue;
    dropped_.push_back({first.action, first.final_recipient, *reason});
    recipients->clear();
  }
}

}  // namespace signpost::delivery
