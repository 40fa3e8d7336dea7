#include "message/notification_text.h"

#include "base/ascii.h"
#include "message/date_time.h"
#include "message/eight_bit.h"
#include "message/encoded_word.h"
#include "message/header_section.h"
#include "message/report_text.h"

#include <algorithm>
#include <array>

namespace signpost::message {

namespace {

constexpr std::size_t kShownSubject = 200;  // octets of the reported message's

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
// ones come before general ones. "550 5.4.1 Recipient address rejected" is what Exchange says.
struct Advice {
  std::string_view status;  // its beginning, or all of it; "x" is any class
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
constexpr std::string_view kNotAcceptedAdvice =
    "The receiving mail server answered but did not accept the message. Please try again later, or "
    "contact the recipient by other means.";
constexpr std::string_view kDeadlineAdvice =
    "The message was to be delivered by a certain time or not at all. Please send it again without "
    "that limit, or contact the recipient by other means.";
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

constexpr std::array<Advice, 19> kAdvice = {{
    {"x.1.10", kDomainAdvice},  {"x.1.2", kDomainAdvice},     {"x.1.7", kSenderAdvice},
    {"x.1.8", kSenderAdvice},   {"x.1.", kAddressAdvice},     {"x.2.1", kAddressAdvice},
    {"x.2.2", kFullAdvice},     {"x.2.3", kSizeAdvice},       {"x.3.4", kSizeAdvice},
    {"5.4.1", kAddressAdvice},  {"x.4.4", kDomainAdvice},     {"x.4.6", kLoopAdvice},
    {"5.4.7", kDeadlineAdvice}, {"x.4.", kUnreachableAdvice}, {"x.6.7", kAbilityAdvice},
    {"x.6.", kContentAdvice},   {"x.7.27", kSenderAdvice},    {"x.7.", kPolicyAdvice},
    {"", kGeneralAdvice},
}};

bool fits(std::string_view status, std::string_view pattern) {
  if (pattern.empty()) return true;
  if (status.empty() || (pattern.front() != 'x' && pattern.front() != status.front())) return false;
  status.remove_prefix(1);
  pattern.remove_prefix(1);
  return pattern.ends_with('.') ? status.starts_with(pattern) : status == pattern;
}

std::string_view advice_on(std::string_view status) {
  return std::ranges::find_if(kAdvice,
                              [&](const Advice& entry) { return fits(status, entry.status); })
      ->text;
}

std::string_view advice(const NotifiedRecipient& recipient) {
  if (recipient.refused_here) return kGeneralAdvice;
  const bool answered = !recipient.diagnostic.empty();
  // It has expired and no server has said why: the obstacle was on the way to them.
  if (recipient.status.starts_with("4.") && !answered) return kUnreachableAdvice;
  const std::string_view advice = advice_on(recipient.status);
  if (!answered) return advice;
  // Who answered was reached; and the sender's deadline, where it is why, is in the explanation.
  const bool was_late = !recipient.explanation.empty();
  const bool untrue = advice == kUnreachableAdvice || (advice == kDeadlineAdvice && !was_late);
  return untrue ? kNotAcceptedAdvice : advice;
}

// "550 5.1.1" and no words.
bool is_bare_code(std::string_view diagnostic) {
  return std::ranges::all_of(
      diagnostic, [](char c) { return ascii::is_digit(c) || ascii::is_wsp(c) || c == '.'; });
}

void append_reason(std::string& out, const NotifiedRecipient& recipient) {
  if (!recipient.explanation.empty()) {
    append_wrapped(out, "    ", "Reason: " + clean_text(recipient.explanation, true));
  }
  if (!recipient.diagnostic.empty()) {
    const std::string mta = recipient.remote_mta.empty()
                                ? "The receiving server"
                                : "The server " + clean_text(recipient.remote_mta, true, 255);
    const std::string answer = clean_text(recipient.diagnostic, true);
    if (is_bare_code(answer)) {
      append_wrapped(out, "    ", mta + " answered " + answer + " and gave no reason.");
    } else {
      append_wrapped(out, "    ", mta + " answered:");
      append_wrapped(out, "        ", answer);
    }
  }
  if (recipient.explanation.empty() && recipient.diagnostic.empty()) {
    append_wrapped(out, "    ",
                   "No reason was given (status " + clean_text(recipient.status, false, 20) + ").");
  }
}

void append_recipient(std::string& out, const NotifiedRecipient& recipient) {
  out += "<" + clean_text(recipient.final_recipient, true) + ">\r\n\r\n";
  const bool in_trouble = recipient.action == Action::Failed || recipient.action == Action::Delayed;
  if (in_trouble) append_reason(out, recipient);
  if (recipient.action == Action::Failed) {
    out += "\r\n";
    append_wrapped(out, "    ", "What you can do: " + std::string(advice(recipient)));
  }
  if (recipient.action == Action::Delayed && recipient.will_retry_until) {
    out += "\r\n";
    append_wrapped(
        out, "    ",
        "The server will keep trying until " + date_time(*recipient.will_retry_until) + ".");
  }
  if (!in_trouble && !recipient.remote_mta.empty()) {
    append_wrapped(out, "    ", "Accepted by " + clean_text(recipient.remote_mta, true, 255) + ".");
  }
  out += "\r\n";
}

// A subject as its reader would see it: octets that are not UTF-8 are read as ISO 8859-1, what is
// not printable is left out.
std::string readable(std::string_view subject) {
  const bool latin = !ascii::is_utf8(subject);
  std::string out;
  for (const char c : subject) {
    const auto octet = static_cast<unsigned char>(c);
    if (ascii::is_control(c) && c != '\t') continue;
    if (!latin || octet < 0x80) {
      out += c;
    } else if (octet >= 0xA0) {
      out += static_cast<char>(0xC0 | octet >> 6);
      out += static_cast<char>(0x80 | (octet & 0x3F));
    }
  }
  return out;
}

// The subject of the reported message in UTF-8; an encoded word is taken whole or not at all.
std::string original_subject(const StatusNotification& notification) {
  const HeaderSection header = HeaderSection::parse(notification.original);
  const HeaderField* const field = header.first("Subject");
  if (field == nullptr) return {};
  const std::string subject = readable(unfold(field->value));
  std::string shown = clean_text(subject, true, kShownSubject);
  const std::size_t open = shown.rfind("=?");
  const bool cut = shown.ends_with("...") && !subject.ends_with("...");
  if (cut && open != std::string::npos && encoded_word_length(shown.substr(open)) == 0) {
    shown.replace(open, std::string::npos, "...");
  }
  return shown;
}

}  // namespace

std::string notification_subject(const StatusNotification& notification) {
  const std::vector<NotifiedRecipient>& recipients = notification.recipients;
  std::string to = clean_text(recipients.front().final_recipient, true, 100);
  if (recipients.size() > 1) to += " and " + std::to_string(recipients.size() - 1) + " more";
  std::string text;
  switch (recipients.front().action) {
    case Action::Failed:
      text = "Not delivered to " + to;
      break;
    case Action::Delayed:
      text = "Delivery to " + to + " is delayed";
      break;
    case Action::Delivered:
      text = "Delivered to " + to;
      break;
    case Action::Relayed:
      text = "Passed on to " + to;
      break;
  }
  const std::string subject = original_subject(notification);
  const bool ascii_only = !notification.smtputf8;
  const bool plain = !has_eight_bit(text);
  if (!subject.empty()) {
    text += ": ";
    if (ascii_only && plain && has_eight_bit(subject)) return text + all_encoded(subject);
    text += subject;
  }
  return ascii_only && !plain ? all_encoded(text) : text;
}

std::string notification_text(const StatusNotification& notification, Returned returned) {
  const Action action = notification.recipients.front().action;
  std::string out;
  append_wrapped(out, "", introduction(action, clean_text(notification.reporting_mta, true, 255)));
  out += "\r\n";
  for (const NotifiedRecipient& recipient : notification.recipients) {
    append_recipient(out, recipient);
  }
  std::string received("This server received your message on ");
  received.append(date_time(notification.arrival)).append(".");
  if (!notification.queue_id.empty()) {
    received.append(" Its queue ID is ").append(clean_text(notification.queue_id, true, 100));
    received.append("; quote it when you ask your mail administrator.");
  }
  append_wrapped(out, "", received);
  append_wrapped(out, "",
                 returned == Returned::Content
                     ? "Attached are a report for mail programs and your message."
                     : "Attached are a report for mail programs and the header of your message.");
  return out;
}

}  // namespace signpost::message
