#include "message/status_notification.h"

#include "base/check.h"
#include "message/date_time.h"
#include "message/delivery_status.h"
#include "message/eight_bit.h"
#include "message/folded_field.h"
#include "message/header_section.h"
#include "message/line_limit.h"
#include "message/notification_text.h"
#include "message/report_text.h"
#include "message/transfer_encoding.h"

#include <algorithm>
#include <utility>

namespace signpost::message {

namespace {

constexpr std::size_t kMaxReturnedHeader = 64 << 10;  // octets
constexpr std::size_t kMaxReturnedContent = 1 << 20;  // beyond it only the header comes back
constexpr std::size_t kMaxReferencedMessageId = 250;

// Whole fields only; one too long for mail servers to have to accept it is left out.
std::string bounded_header(const HeaderSection& header) {
  std::string out;
  for (const HeaderField& field : header.fields()) {
    if (find_overlong_line(field.raw)) continue;
    if (out.size() + field.raw.size() > kMaxReturnedHeader) break;
    out += field.raw;
  }
  return out;
}

// The body of one part, ended with CRLF, and its media type.
struct Part {
  std::string type;
  std::string content;
  std::string encoding{};  // what has been done to the content; by default nothing
};

// For people, in UTF-8 where it has names and words in it; a report for a sender in ASCII must
// pass through servers that accept nothing else.
Part text_part(const StatusNotification& notification, Returned returned) {
  std::string text = notification_text(notification, returned);
  const bool plain = !has_eight_bit(text);
  if (notification.smtputf8) return {"text/plain; charset=utf-8", std::move(text)};
  if (plain) return {"text/plain; charset=us-ascii", std::move(text)};
  Part part{"text/plain; charset=utf-8", "", "quoted-printable"};
  append_quoted_printable(part.content, text);
  return part;
}

Part returned_part(const StatusNotification& notification, const HeaderSection& header,
                   Returned returned) {
  Part part;
  if (returned == Returned::Content) {
    part.content = notification.original;
  } else {
    part.content = bounded_header(header);
  }
  // RFC 6533 section 4: the global types are for headers with UTF-8, and no others.
  const bool global = notification.smtputf8 && has_eight_bit(header.text());
  if (returned == Returned::Content) {
    part.type = global ? "message/global" : "message/rfc822";
  } else {
    part.type = global ? "message/global-headers" : "text/rfc822-headers";
  }
  // As the text: RFC 6522 section 4 allows it for headers, not for a message.
  if (returned == Returned::Header && !global && has_eight_bit(part.content)) {
    std::string encoded;
    append_quoted_printable(encoded, part.content);
    part.content = std::move(encoded);
    part.encoding = "quoted-printable";
  }
  return part;
}

Returned what_to_return(const StatusNotification& notification) {
  const bool full = notification.return_full &&
                    notification.original.size() <= kMaxReturnedContent &&
                    !find_overlong_line(notification.original);
  return full ? Returned::Content : Returned::Header;
}

void append_part(std::string& out, std::string_view boundary, const Part& part) {
  out.append("--").append(boundary).append("\r\nContent-Type: ").append(part.type);
  out.append("\r\nContent-Transfer-Encoding: ");
  const std::string_view as_it_is = has_eight_bit(part.content) ? "8bit" : "7bit";
  out.append(part.encoding.empty() ? as_it_is : part.encoding).append("\r\n\r\n");
  out += part.content;
  // The CRLF before a boundary belongs to the boundary (RFC 2046 section 5.1.1).
  out += "\r\n";
}

// "<id@host>" of the reported message, if it is fit for a field of ours.
std::string referenced_message_id(const HeaderSection& header) {
  const HeaderField* field = header.first("Message-ID");
  if (field == nullptr) return {};
  std::string id = unfold(field->value);
  const bool plain = id.size() > 2 && id.size() <= kMaxReferencedMessageId && id.front() == '<' &&
                     id.back() == '>' &&
                     std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f; });
  return plain ? id : std::string();
}

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += FoldedField(name).text(text).finish();
}

std::string header_section(const StatusNotification& notification, const HeaderSection& original,
                           bool eight_bit) {
  const bool utf8 = notification.smtputf8;
  std::string out;
  out += FoldedField("From")
             .text("Mail Delivery System")
             .word("<" + clean_text(notification.from, utf8, 400) + ">")
             .finish();
  out += FoldedField("To").word("<" + clean_text(notification.to, utf8, 400) + ">").finish();
  append_field(out, "Subject", notification_subject(notification));
  append_field(out, "Date", date_time(notification.now));
  append_field(out, "Message-ID", notification.message_id);
  if (const std::string id = referenced_message_id(original); !id.empty()) {
    // RFC 3834 section 3.1.5: so that mail programs show the report beside the message.
    append_field(out, "In-Reply-To", id);
    append_field(out, "References", id);
  }
  append_field(out, "Auto-Submitted", "auto-replied");
  append_field(out, "MIME-Version", "1.0");
  out += FoldedField("Content-Type")
             .text("multipart/report; report-type=delivery-status;")
             .word("boundary=\"" + notification.boundary + "\"")
             .finish();
  append_field(out, "Content-Transfer-Encoding", eight_bit ? "8bit" : "7bit");
  return out;
}

}  // namespace

std::string build(const StatusNotification& notification) {
  CHECK(!notification.recipients.empty());
  const HeaderSection original = HeaderSection::parse(notification.original);
  const Returned returned = what_to_return(notification);
  const Part parts[] = {
      text_part(notification, returned),
      {notification.smtputf8 ? "message/global-delivery-status" : "message/delivery-status",
       delivery_status(notification)},
      returned_part(notification, original, returned),
  };
  const bool eight_bit =
      std::ranges::any_of(parts, [](const Part& part) { return has_eight_bit(part.content); });

  std::string out = header_section(notification, original, eight_bit);
  out += "\r\nThis is a report in MIME format about the delivery of a message.\r\n\r\n";
  for (const Part& part : parts) append_part(out, notification.boundary, part);
  out.append("--").append(notification.boundary).append("--\r\n");
  return out;
}

}  // namespace signpost::message
