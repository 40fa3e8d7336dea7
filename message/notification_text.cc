#include "message/notification_text.h"

#include "base/ascii.h"
#include "message/date_time.h"
#include "message/report_text.h"

#include <array>

namespace signpost::message {

namespace {

std::string introduction(Action action, const std::string& host) {
  std::string who = "This is the mail server at " + host + ". ";
  switch (action) {
    case Action::Failed:
      return who +
             "We are sorry: your message could not be delivered to the recipients listed below, "
             "and no further attempt will be made. Recipients who are not listed are not "
             "affected.";
    case Action::Delayed:
      return who +
             "Your message has not yet been delivered to the recipients listed below. This is "
             "only a notice: the server keeps trying, and you do not need to send the message "
             "again.";
    case Action::Delivered:
      return who +
             "You asked for a confirmation: your message was delivered to the recipients listed "
             "below.";
    case Action::Relayed:
      return who +
             "You asked for a confirmation: your message was passed on to the mail servers of "
             "the recipients listed below. Those servers accepted it, but do not confirm that "
             "it reached the mailbox.";
  }
  return who;
}

// What a person can do about a status (RFC 3463). The first entry that fits wins, so particular
// ones come before general ones.
struct Advice {
  std::string_view subject_and_detail;
  std::string_view text;
};

constexpr std::string_view kAddressAdvice =
    "Please check the address for typing mistakes. If it is right, ask the recipient by other "
    "means whether it is still in use.";
constexpr std::string_view kDomainAdvice =
    "Please check the part of the address after the @ sign for typing mistakes. If it is right, "
    "that domain is not accepting mail at the moment.";
constexpr std::string_view kSenderAdvice =
    "The recipient's mail server does not accept your address as the sender. Please check the "
    "sender address in your mail program, or ask your mail administrator.";
constexpr std::string_view kFullAdvice =
    "The recipient's mailbox is full. Please let the recipient know by other means, or send the "
    "message again later.";
constexpr std::string_view kSizeAdvice =
    "The message is larger than the recipient's mail server accepts. Please send it in smaller "
    "parts, or send a link instead of the attachment.";
constexpr std::string_view kUnreachableAdvice =
    "The recipient's mail server could not be reached for a long time. Please try again later, or "
    "contact the recipient by other means.";
constexpr std::string_view kLoopAdvice =
    "The message was going round in a loop, which only the administrators of the mail servers can "
    "fix. Please forward this report to your mail administrator.";
constexpr std::string_view kContentAdvice =
    "The recipient's mail server cannot accept the message in this form. Please send it again in "
    "a simpler form, for example as plain text or without its attachments.";
constexpr std::string_view kAbilityAdvice =
    "The message needs features that the recipient's mail server does not have. If an address in "
    "it contains letters that are not ASCII, such as umlauts, please use an address without them.";
constexpr std::string_view kPolicyAdvice =
    "The recipient's mail server refused the message under its own rules. Please forward this "
    "report to your mail administrator, or contact the recipient by other means.";
constexpr std::string_view kGeneralAdvice =
    "If the words above do not help you, please forward this report to your mail administrator.";

constexpr std::array<Advice, 16> kAdvice = {{
    {"1.10", kDomainAdvice},
    {"1.2", kDomainAdvice},
    {"1.7", kSenderAdvice},
    {"1.8", kSenderAdvice},
    {"1.", kAddressAdvice},
    {"2.1", kAddressAdvice},
    {"2.2", kFullAdvice},
    {"2.3", kSizeAdvice},
    {"3.4", kSizeAdvice},
    {"4.6", kLoopAdvice},
    {"4.", kUnreachableAdvice},
    {"6.7", kAbilityAdvice},
    {"6.", kContentAdvice},
    {"7.27", kSenderAdvice},
    {"7.", kPolicyAdvice},
    {"", kGeneralAdvice},
}};

bool fits(std::string_view status, std::string_view prefix) {
  if (!status.starts_with(prefix)) return false;
  return prefix.empty() || prefix.ends_with('.') || status.size() == prefix.size();
}

std::string_view advice(std::string_view status) {
  const std::size_t dot = status.find('.');
  status = dot == std::string_view::npos ? std::string_view() : status.substr(dot + 1);
  for (const Advice& entry : kAdvice) {
    if (fits(status, entry.subject_and_detail)) return entry.text;
  }
  return kGeneralAdvice;
}

void append_reason(std::string& out, const NotifiedRecipient& recipient, bool utf8) {
  if (!recipient.explanation.empty()) {
    append_wrapped(out, "    ", "Reason: " + clean_text(recipient.explanation, utf8));
  }
  if (!recipient.diagnostic.empty()) {
    const std::string mta = recipient.remote_mta.empty()
                                ? "The receiving server"
                                : "The server " + clean_text(recipient.remote_mta, utf8, 255);
    append_wrapped(out, "    ", mta + " answered:");
    append_wrapped(out, "        ", clean_text(recipient.diagnostic, utf8));
  }
  if (recipient.explanation.empty() && recipient.diagnostic.empty()) {
    append_wrapped(out, "    ",
                   "No reason was given (status " + clean_text(recipient.status, false, 20) + ").");
  }
}

void append_recipient(std::string& out, const NotifiedRecipient& recipient, bool utf8) {
  out += "<" + clean_text(recipient.final_recipient, utf8) + ">\r\n\r\n";
  const bool in_trouble = recipient.action == Action::Failed || recipient.action == Action::Delayed;
  if (in_trouble) append_reason(out, recipient, utf8);
  if (recipient.action == Action::Failed) {
    out += "\r\n";
    append_wrapped(out, "    ", "What you can do: " + std::string(advice(recipient.status)));
  }
  if (recipient.action == Action::Delayed && recipient.will_retry_until) {
    out += "\r\n";
    append_wrapped(
        out, "    ",
        "The server will keep trying until " + date_time(*recipient.will_retry_until) + ".");
  }
  if (!in_trouble && !recipient.remote_mta.empty()) {
    append_wrapped(out, "    ", "Accepted by " + clean_text(recipient.remote_mta, utf8, 255) + ".");
  }
  out += "\r\n";
}

}  // namespace

std::string notification_subject(Action action) {
  switch (action) {
    case Action::Failed:
      return "Your message could not be delivered";
    case Action::Delayed:
      return "Your message is delayed (no need to send it again)";
    case Action::Delivered:
      return "Your message was delivered";
    case Action::Relayed:
      return "Your message was passed on";
  }
  return "Status of your message";
}

std::string notification_text(const StatusNotification& notification, Returned returned) {
  const bool utf8 = notification.smtputf8;
  const Action action = notification.recipients.front().action;
  std::string out;
  append_wrapped(out, "", introduction(action, clean_text(notification.reporting_mta, utf8, 255)));
  out += "\r\n";
  for (const NotifiedRecipient& recipient : notification.recipients) {
    append_recipient(out, recipient, utf8);
  }
  append_wrapped(out, "",
                 "This server received your message on " + date_time(notification.arrival) +
                     ". Its queue ID is " + clean_text(notification.queue_id, utf8, 100) +
                     "; quote it when you ask your mail administrator.");
  append_wrapped(out, "",
                 returned == Returned::Content
                     ? "Attached are a report for mail programs and your message."
                     : "Attached are a report for mail programs and the header of your message.");
  return out;
}

}  // namespace signpost::message
