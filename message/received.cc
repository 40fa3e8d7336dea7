#include "message/received.h"

#include "base/ascii.h"
#include "message/date_time.h"
#include "message/eight_bit.h"
#include "message/folded_field.h"

#include <algorithm>
#include <string>

namespace signpost::message {

namespace {

constexpr std::size_t kMaxHello = 255;      // octets of a domain (RFC 5321 section 4.5.3.1.2)
constexpr std::size_t kMaxRecipient = 320;  // a local part, "@", a domain

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxHello && std::ranges::all_of(name, [](char c) {
    return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_';
  });
}

bool is_literal(std::string_view name) {
  if (name.size() < 3 || name.size() > kMaxHello || name.front() != '[' || name.back() != ']') {
    return false;
  }
  return std::ranges::all_of(name.substr(1, name.size() - 2), [](char c) {
    return ascii::is_alnum(c) || c == '.' || c == ':' || c == '-';
  });
}

std::string address_literal(std::string_view address) {
  address = address.substr(0, address.find('%'));  // a zone means nothing elsewhere
  const std::string_view tag = address.contains(':') ? "IPv6:" : "";
  return std::string("[").append(tag).append(address).append("]");
}

// For use inside a comment, as one word: the EHLO name is the one text here that a client
// chooses freely.
std::string comment_text(std::string_view text) {
  std::string out;
  for (const char c : ascii::printable(text, kMaxHello)) {
    if (c == '(' || c == ')' || c == '\\') out += '\\';
    out += c == ' ' || (c & 0x80) != 0 ? '?' : c;
  }
  return out;
}

// TCP-info of RFC 5321 section 4.4.
std::string in_comment(std::string_view name, std::string_view address) {
  std::string text("(");
  if (is_host_name(name)) text.append(name).append(" ");
  return text.append(address).append(")");
}

void add_origin(FoldedField& field, const ReceivedFacts& facts) {
  if (facts.is_account) {
    field.word("from").word("localhost").word("(" + comment_text(facts.peer_address) + ")");
    return;
  }
  const std::string address =
      facts.peer_address.empty() ? std::string() : address_literal(facts.peer_address);
  const bool usable = is_host_name(facts.hello_name) || is_literal(facts.hello_name);
  field.word("from");
  if (usable) {
    field.word(facts.hello_name);
    if (!address.empty()) field.word(in_comment(facts.peer_name, address));
    return;
  }
  field.word(address.empty() ? "unknown" : address);
  if (!facts.hello_name.empty()) {
    field.word(facts.extended ? "(EHLO" : "(HELO").word(comment_text(facts.hello_name) + ")");
  }
}

bool may_be_shown(std::string_view recipient, bool smtputf8) {
  return !recipient.empty() && recipient.size() <= kMaxRecipient &&
         std::ranges::none_of(recipient, ascii::is_control) &&
         (smtputf8 || !has_eight_bit(recipient));
}

// The tls clause wants the registered name of the cipher suite (RFC 8314 section 4.3); any other
// name goes into a comment.
void add_tls(FoldedField& field, const ReceivedFacts& facts) {
  const std::string cipher = comment_text(facts.tls_cipher);
  const std::string version = comment_text(facts.tls_version);
  if (cipher.starts_with("TLS_")) {
    field.new_line().word("tls").word(cipher);
    if (!version.empty()) field.word("(" + version + ")");
  } else if (!cipher.empty() || !version.empty()) {
    field.new_line().word("(" + version + (version.empty() || cipher.empty() ? "" : "/") + cipher +
                          ")");
  }
}

}  // namespace

std::string_view protocol_keyword(bool extended, bool tls, bool authenticated, bool smtputf8) {
  if (!extended) return "SMTP";
  if (tls && authenticated) return smtputf8 ? "UTF8SMTPSA" : "ESMTPSA";
  if (tls) return smtputf8 ? "UTF8SMTPS" : "ESMTPS";
  if (authenticated) return smtputf8 ? "UTF8SMTPA" : "ESMTPA";
  return smtputf8 ? "UTF8SMTP" : "ESMTP";
}

std::string received_field(const ReceivedFacts& facts) {
  FoldedField field("Received");
  if (facts.origin) {
    add_origin(field, facts);
    field.new_line();
  }
  field.word("by").word(facts.by).word("with").word(
      protocol_keyword(facts.extended, facts.tls, facts.authenticated, facts.smtputf8));
  if (!facts.id.empty()) field.word("id").word(facts.id);
  if (may_be_shown(facts.recipient, facts.smtputf8)) {
    field.new_line().word("for").word("<" + std::string(facts.recipient) + ">");
  }
  if (facts.tls) add_tls(field, facts);
  if (facts.priority != 0) field.new_line().word("PRIORITY").word(std::to_string(facts.priority));
  field.attach(";").new_line().text(date_time(facts.time));
  return field.finish();
}

}  // namespace signpost::message
