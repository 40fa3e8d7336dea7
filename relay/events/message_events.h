// What happens to messages: the answers to "where is my mail?".
#pragma once

#include "base/clock.h"
#include "base/event.h"
#include "relay/events/fields.h"
#include "relay/labels.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signpost::relay::events {

struct Accepted {
  std::string_view id{};
  std::string_view session{};
  std::string_view user{};
  std::string_view address{};
  std::string_view proxy{};
  std::string_view from{};
  std::string_view to{};
  std::uint64_t recipients = 0;
  std::uint64_t size = 0;
  std::string_view tls{};
  std::string_view script{};
  std::string_view tenant{};
  bool tenant_counted = false;                        // in metrics of its own
  std::chrono::duration<double> after_end_of_data{};  // until the 250; counted, not logged
  bool bare_linefeeds = false;                        // the client's; counted, not logged
  static constexpr auto kEvent = log::describe(
      "accepted", log::Level::Info, "A message is stored and acknowledged with 250.",
      log::field(field::kId, &Accepted::id), log::field(field::kSession, &Accepted::session),
      log::field(field::kUser, &Accepted::user), log::field(field::kAddress, &Accepted::address),
      log::field(field::kProxy, &Accepted::proxy), log::field(field::kFrom, &Accepted::from),
      log::field("to", &Accepted::to,
                 "Recipients, separated by commas; a long list ends in `...`."),
      log::field("recipients", &Accepted::recipients, "How many there are."),
      log::field(field::kSize, &Accepted::size), log::field(field::kTls, &Accepted::tls),
      log::field("script", &Accepted::script,
                 "Web script that sent it, as X-PHP-Originating-Script says: uid:name."),
      log::field(field::kTenant, &Accepted::tenant));
};

struct SenderRewritten {
  std::string_view session{};
  std::string_view user{};
  std::string_view from{};
  std::string_view now{};
  static constexpr auto kEvent = log::describe(
      "sender_rewritten", log::Level::Debug,
      "A reverse-path that the login may not use was replaced, since it has `otherwise` = "
      "`rewrite`.",
      log::field(field::kSession, &SenderRewritten::session),
      log::field(field::kUser, &SenderRewritten::user),
      log::field("from", &SenderRewritten::from, "What the client wrote."),
      log::field("now", &SenderRewritten::now, "What took its place."));
};

struct RecipientAccepted {
  std::string_view id{};
  std::string_view to{};
  static constexpr auto kEvent = log::describe(
      "recipient", log::Level::Debug, "One recipient of a message that is about to be stored.",
      log::field(field::kId, &RecipientAccepted::id),
      log::field(field::kTo, &RecipientAccepted::to));
};

struct Rejected {
  std::string_view session{};
  std::string_view user{};
  std::string_view address{};
  std::string_view proxy{};
  RejectReason reason = RejectReason::Command;
  std::string_view from{};
  std::string_view to{};
  std::optional<std::uint64_t> size{};
  std::string_view text{};
  std::string_view command{};
  std::string_view reply{};
  std::string_view tenant{};
  std::uint64_t recipients = 1;  // that were refused; counted, not logged
  bool tenant_counted = false;   // in metrics of its own
  static constexpr auto kEvent = log::describe(
      "rejected", log::Level::Info, "A command or a message was refused with 4xx or 5xx.",
      log::field(field::kSession, &Rejected::session), log::field(field::kUser, &Rejected::user),
      log::field(field::kAddress, &Rejected::address), log::field(field::kProxy, &Rejected::proxy),
      log::field("reason", &Rejected::reason, "Why."),
      log::field("from", &Rejected::from,
                 "Reverse-path of the transaction, `<>` if it is null; absent outside of one."),
      log::field("to", &Rejected::to,
                 "The recipient that was refused, or those that were accepted before, separated by "
                 "commas; a long list ends in `...`."),
      log::field("size", &Rejected::size,
                 "Octets of content that came, or that the client announced."),
      log::field("text", &Rejected::text,
                 "What was refused, as the client wrote it: an address, or a header field."),
      log::field("command", &Rejected::command,
                 "The command line, when a command was refused by the dialogue itself."),
      log::field(field::kReply, &Rejected::reply), log::field(field::kTenant, &Rejected::tenant));
};

// The outcome of an attempt for one recipient: the base of the four events that follow, which are
// made from it: events::Delivered{outcome}.
struct RecipientOutcome {
  std::string_view id{};
  std::string_view session{};
  std::string_view user{};
  std::string_view from{};
  std::string_view to{};
  std::uint64_t size = 0;
  std::string_view mx{};
  std::string_view address{};
  std::string_view source{};
  std::string_view tls{};
  std::optional<TlsWanted> tls_wanted{};
  std::optional<TlsReached> tls_reached{};
  std::string_view reply{};
  ReplyClass reply_class = ReplyClass::Other;
  std::string_view provider = providers::kOther;
  std::uint32_t attempt = 0;
  std::int64_t delay_ms = 0;
  std::string_view dkim{};
  bool attempted = true;  // a connection was tried for it; counted, not logged

  static constexpr auto kRows = log::fields(
      log::field(field::kId, &RecipientOutcome::id),
      log::field(field::kSession, &RecipientOutcome::session),
      log::field(field::kUser, &RecipientOutcome::user),
      log::field(field::kFrom, &RecipientOutcome::from),
      log::field(field::kTo, &RecipientOutcome::to),
      log::field(field::kSize, &RecipientOutcome::size),
      log::field(field::kMx, &RecipientOutcome::mx),
      log::field(field::kAddress, &RecipientOutcome::address),
      log::field("source", &RecipientOutcome::source, "The [[source]] that it was sent from."),
      log::field(field::kTls, &RecipientOutcome::tls),
      log::field("tls_wanted", &RecipientOutcome::tls_wanted,
                 "What the connection had to reach before it carried mail."),
      log::field("tls_reached", &RecipientOutcome::tls_reached,
                 "What it reached; absent: nothing was connected to."),
      log::field("reply", &RecipientOutcome::reply,
                 "What the receiver said, or the relay's own words when there was no reply."),
      log::field("class", &RecipientOutcome::reply_class, "What the reply is about."),
      log::field("provider", &RecipientOutcome::provider, "The receiver, as the metrics name it."),
      log::field("attempt", &RecipientOutcome::attempt, "Attempts made so far, this one included."),
      log::field("delay_ms", &RecipientOutcome::delay_ms, "Milliseconds since acceptance."),
      log::field("dkim", &RecipientOutcome::dkim,
                 "Each signature as domain/selector/algorithm, or why there is none."));
};

struct Delivered : RecipientOutcome {
  static constexpr auto kEvent =
      log::describe("delivered", log::Level::Info,
                    "The receiver acknowledged the message for this recipient.", kRows);
};

struct Deferred : RecipientOutcome {
  std::optional<SystemTime> next_attempt{};
  static constexpr auto kEvent = log::describe(
      "deferred", log::Level::Info,
      "The attempt failed for now and will be repeated. One that met nothing but a receiver that "
      "is "
      "known to be away (`site_down`), or the same failure of a look-up again, has its line at "
      "level "
      "debug only.",
      kRows, log::field("next_attempt", &Deferred::next_attempt, "When it is tried again."));
};

struct Bounced : RecipientOutcome {
  static constexpr auto kEvent =
      log::describe("bounced", log::Level::Info,
                    "The receiver refused the message for good. The sender is notified.", kRows);
};

struct Expired : RecipientOutcome {
  static constexpr auto kEvent = log::describe(
      "expired", log::Level::Info,
      "The message was not delivered in time and is given up. The sender is notified.", kRows);
};

struct PossiblyDelivered {
  std::string_view id{};
  std::string_view session{};
  std::string_view mx{};
  std::string_view address{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "possibly_delivered", log::Level::Warning,
      "The connection broke, or the relay stopped, after the final dot and before the reply. The "
      "message is sent again, so it may arrive twice.",
      log::field(field::kId, &PossiblyDelivered::id),
      log::field(field::kSession, &PossiblyDelivered::session),
      log::field(field::kMx, &PossiblyDelivered::mx),
      log::field(field::kAddress, &PossiblyDelivered::address),
      log::field(field::kDetail, &PossiblyDelivered::detail));
};

struct Signed {
  std::string_view id{};
  std::string_view domain{};
  std::string_view selector{};
  std::string_view algorithm{};
  static constexpr auto kEvent =
      log::describe("signed", log::Level::Debug, "A DKIM signature was made.",
                    log::field(field::kId, &Signed::id),
                    log::field("domain", &Signed::domain, "Signing domain (`d=`)."),
                    log::field("selector", &Signed::selector, "Selector (`s=`)."),
                    log::field("algorithm", &Signed::algorithm, "Algorithm (`a=`)."));
};

struct Unsigned {
  std::string_view id{};
  UnsignedReason reason = UnsignedReason::NoKey;
  std::string_view from_domain{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "unsigned", log::Level::Info, "A message goes out without a DKIM signature.",
      log::field(field::kId, &Unsigned::id), log::field("reason", &Unsigned::reason, "Why."),
      log::field("from_domain", &Unsigned::from_domain, "Domain of the From field."),
      log::field(field::kDetail, &Unsigned::detail));
};

struct Notification {
  std::string_view id{};
  std::string_view about{};
  std::string_view to{};
  std::string_view action{};
  static constexpr auto kEvent = log::describe(
      "notification", log::Level::Info, "A delivery status notification was queued.",
      log::field("id", &Notification::id, "Queue ID of the notification."),
      log::field("about", &Notification::about, "Queue ID of the message that it reports on."),
      log::field(field::kTo, &Notification::to),
      log::field("action", &Notification::action, "What it reports (RFC 3464 section 2.3.3)."));
};

struct NotificationDropped {
  std::string_view id{};
  std::string_view to{};
  std::string_view action{};
  DropReason reason{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "notification_dropped", log::Level::Warning, "A notification was due and is not sent.",
      log::field(field::kId, &NotificationDropped::id),
      log::field("to", &NotificationDropped::to, "The recipient that it would have reported on."),
      log::field("action", &NotificationDropped::action, "What it would have reported."),
      log::field("reason", &NotificationDropped::reason, "Why."),
      log::field(field::kDetail, &NotificationDropped::detail));
};

struct MessageUnreadable {
  std::string_view id{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("message_unreadable", log::Level::Error,
                    "A queued message cannot be read. It stays in the queue and is tried again.",
                    log::field(field::kId, &MessageUnreadable::id),
                    log::field(field::kDetail, &MessageUnreadable::detail));
};

struct Removed {
  std::string_view id{};
  std::string_view to{};
  std::string_view domain{};
  std::string_view by{};
  static constexpr auto kEvent = log::describe(
      "removed", log::Level::Info,
      "A recipient was taken out of the queue without delivery or notification.",
      log::field(field::kId, &Removed::id), log::field(field::kTo, &Removed::to),
      log::field(field::kDomain, &Removed::domain), log::field(field::kBy, &Removed::by));
};

struct Retried {
  std::string_view id{};
  std::string_view domain{};
  std::string_view by{};
  static constexpr auto kEvent = log::describe(
      "retried", log::Level::Info, "A job was made due now.", log::field(field::kId, &Retried::id),
      log::field(field::kDomain, &Retried::domain), log::field(field::kBy, &Retried::by));
};

struct Held {
  std::string_view id{};
  std::string_view domain{};
  std::string_view by{};
  static constexpr auto kEvent =
      log::describe("held", log::Level::Info, "A job is not tried until it is released.",
                    log::field(field::kId, &Held::id), log::field(field::kDomain, &Held::domain),
                    log::field(field::kBy, &Held::by));
};

struct GivenUp {
  std::string_view id{};
  std::string_view domain{};
  std::string_view reason{};
  std::string_view by{};
  static constexpr auto kEvent = log::describe(
      "given_up", log::Level::Info,
      "An operator gives a job up; its recipients' `bounced` events follow when that is stored.",
      log::field(field::kId, &GivenUp::id), log::field(field::kDomain, &GivenUp::domain),
      log::field("reason", &GivenUp::reason, "As the operator has given it."),
      log::field(field::kBy, &GivenUp::by));
};

struct Redirected {
  std::string_view id{};
  std::string_view domain{};
  std::string_view to_route{};
  std::string_view by{};
  static constexpr auto kEvent = log::describe(
      "redirected", log::Level::Info, "A job goes to a different next hop than usual.",
      log::field(field::kId, &Redirected::id), log::field(field::kDomain, &Redirected::domain),
      log::field("to_route", &Redirected::to_route,
                 "`via` of the route; absent: the usual way again."),
      log::field(field::kBy, &Redirected::by));
};

struct Released {
  std::string_view id{};
  std::string_view domain{};
  std::string_view by{};
  static constexpr auto kEvent = log::describe(
      "released", log::Level::Info, "A held job was made due now.",
      log::field(field::kId, &Released::id), log::field(field::kDomain, &Released::domain),
      log::field(field::kBy, &Released::by));
};

struct Moved {
  std::string_view id{};
  std::string_view domain{};
  std::string_view from_route{};
  std::string_view to_route{};
  static constexpr auto kEvent =
      log::describe("moved", log::Level::Info, "A queued job takes another route after a reload.",
                    log::field(field::kId, &Moved::id), log::field(field::kDomain, &Moved::domain),
                    log::field("from_route", &Moved::from_route, "The route it had; `mx`: none."),
                    log::field("to_route", &Moved::to_route, "The route it has; `mx`: none."));
};

}  // namespace signpost::relay::events
