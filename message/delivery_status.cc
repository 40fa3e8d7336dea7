#include "message/delivery_status.h"

#include "base/ascii.h"
#include "message/date_time.h"
#include "message/eight_bit.h"
#include "message/folded_field.h"
#include "message/report_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace signpost::message {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += FoldedField(name).text(text).finish();
}

// class "." subject "." detail (RFC 3463 section 2): anything else that a peer invents is replaced.
bool is_status(std::string_view status) {
  const auto parts = ascii::split(status, '.');
  if (parts.size() != 3 || parts[0].size() != 1) return false;
  if (!std::string_view("245").contains(parts[0])) return false;
  return std::ranges::all_of(parts, [](std::string_view part) {
    return !part.empty() && part.size() <= 3 && std::ranges::all_of(part, ascii::is_digit);
  });
}

std::string_view default_status(Action action) {
  switch (action) {
    case Action::Failed:
      return "5.0.0";
    case Action::Delayed:
      return "4.0.0";
    case Action::Delivered:
    case Action::Relayed:
      return "2.0.0";
  }
  return "5.0.0";
}

// REQUIRES: well-formed UTF-8 at the start of `text`; takes one character off it.
std::uint32_t next_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(length);
  return code;
}

// utf-8-addr-xtext of RFC 6533 section 3: an address with UTF-8 in ASCII.
std::string utf8_address_xtext(std::string_view address) {
  std::string out;
  while (!address.empty()) {
    const std::uint32_t code = next_code_point(address);
    const bool plain = code > ' ' && code < 0x7f && code != '+' && code != '=' && code != '\\';
    if (plain) {
      out += static_cast<char>(code);
      continue;
    }
    char digits[8];
    const auto end = std::to_chars(digits, digits + sizeof(digits), code, 16).ptr;
    out += "\\x{";
    std::transform(digits, end, std::back_inserter(out), ascii::to_upper);
    out += '}';
  }
  return out;
}

std::string typed_address(std::string_view address, bool utf8) {
  if (!has_eight_bit(address)) return "rfc822; " + clean_text(address, false);
  if (utf8) return "utf-8; " + clean_text(address, true);
  if (ascii::is_utf8(address)) return "utf-8; " + clean_text(utf8_address_xtext(address), false);
  return "rfc822; " + clean_text(address, false);
}

// ORCPT= came in decoded: "rfc822;user@example" (RFC 3461 section 4.2).
void append_original_recipient(std::string& out, std::string_view original, bool utf8) {
  const std::size_t semicolon = original.find(';');
  if (semicolon == std::string_view::npos) return;
  const std::string type = clean_text(original.substr(0, semicolon), false, 40);
  const std::string_view address = original.substr(semicolon + 1);
  if (address.empty()) return;
  // A UTF-8 address is of type utf-8, whatever the client has called it (RFC 6533 section 3).
  const std::string text = has_eight_bit(address) ? typed_address(address, utf8)
                                                  : type + ";" + clean_text(address, false);
  append_field(out, "Original-Recipient", text);
}

void append_diagnostic(std::string& out, const NotifiedRecipient& recipient, bool utf8) {
  if (!recipient.diagnostic.empty()) {
    append_field(out, "Diagnostic-Code", "smtp; " + clean_text(recipient.diagnostic, utf8));
  } else if (!recipient.explanation.empty()) {
    append_field(out, "Diagnostic-Code", "x-signpost; " + clean_text(recipient.explanation, utf8));
  }
}

void append_recipient(std::string& out, const NotifiedRecipient& recipient, bool utf8) {
  out += "\r\n";
  append_original_recipient(out, recipient.original_recipient, utf8);
  append_field(out, "Final-Recipient", typed_address(recipient.final_recipient, utf8));
  append_field(out, "Action", action_text(recipient.action));
  append_field(out, "Status",
               is_status(recipient.status) ? recipient.status : default_status(recipient.action));
  if (!recipient.remote_mta.empty()) {
    append_field(out, "Remote-MTA", "dns; " + clean_text(recipient.remote_mta, utf8, 255));
  }
  append_diagnostic(out, recipient, utf8);
  if (recipient.last_attempt) {
    append_field(out, "Last-Attempt-Date", date_time(*recipient.last_attempt));
  }
  if (recipient.action == Action::Delayed && recipient.will_retry_until) {
    append_field(out, "Will-Retry-Until", date_time(*recipient.will_retry_until));
  }
}

}  // namespace

std::string delivery_status(const StatusNotification& notification) {
  const bool utf8 = notification.smtputf8;
  std::string out;
  if (!notification.envelope_id.empty()) {
    append_field(out, "Original-Envelope-Id", clean_text(notification.envelope_id, utf8, 400));
  }
  append_field(out, "Reporting-MTA", "dns; " + clean_text(notification.reporting_mta, utf8, 255));
  if (!notification.queue_id.empty()) {
    append_field(out, "X-Signpost-Queue-ID", clean_text(notification.queue_id, utf8, 100));
  }
  append_field(out, "Arrival-Date", date_time(notification.arrival));
  if (notification.deliver_by) {
    append_field(out, "Deliver-By-Date", date_time(*notification.deliver_by));
  }
  if (!notification.hold.empty()) append_field(out, "Future-Release-Request", notification.hold);
  for (const NotifiedRecipient& recipient : notification.recipients) {
    append_recipient(out, recipient, utf8);
  }
  return out;
}

}  // namespace signpost::message
