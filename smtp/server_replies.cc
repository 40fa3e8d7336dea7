#include "smtp/server_replies.h"

#include "base/ascii.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <algorithm>
#include <array>
#include <string>

namespace signpost::smtp::server_replies {

namespace {

constexpr std::size_t kShownPart = 80;  // octets of what is refused

std::string_view first_word(std::string_view line) { return line.substr(0, line.find(' ')); }

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(
      words, [word](std::string_view w) { return ascii::equals_ignore_case(w, word); });
}

// Bad sender's or bad recipient's mailbox address (RFC 3463 section 3.2).
EnhancedStatus bad_address(std::string_view line) {
  const bool sender = ascii::equals_ignore_case(first_word(line), "MAIL");
  return sender ? EnhancedStatus{5, 1, 7} : EnhancedStatus{5, 1, 3};
}

// A word of letters in one case, as verbs of this and other protocols are. Base64 has both, or
// digits, in all but one of some thousand words that are as long as that of a password.
bool may_be_verb(std::string_view word) {
  constexpr std::size_t kLongest = 10;
  if (word.empty() || word.size() > kLongest) return false;
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return std::ranges::all_of(word, is_upper) || std::ranges::all_of(word, is_lower);
}

Reply reply_to(CommandError error, std::string_view line) {
  switch (error) {
    case CommandError::Unknown:
      return {500, {5, 5, 2}, "Command not recognized"};
    case CommandError::ArgumentMissing:
      return {501, {5, 5, 4}, "Argument missing"};
    case CommandError::ChunkMalformed:
      return {501, {5, 5, 4}, "Not a chunk size with or without LAST"};
    case CommandError::ArgumentForbidden:
      return {501, {5, 5, 4}, "Argument not allowed"};
    case CommandError::HelloName:
      return {501, {5, 5, 4}, "Malformed name"};
    case CommandError::PathSyntax:
      return {501, bad_address(line), "Malformed address"};
    case CommandError::PathTooLong:
      return {501, bad_address(line), "Address too long"};
    case CommandError::PathNotAscii:
      return {553, {5, 6, 7}, "Address is not ASCII and SMTPUTF8 was not given"};
    case CommandError::PathDomain:
      return {501, bad_address(line), "Address has no domain, or a malformed one"};
    case CommandError::ParameterUnknown:
      return {555, {5, 5, 4}, "Parameter not recognized"};
    case CommandError::ParameterDuplicate:
      return {501, {5, 5, 4}, "Parameter given twice"};
    case CommandError::ParameterMalformed:
      return {501, {5, 5, 4}, "Malformed parameter"};
    case CommandError::AttributeUnknown:
      return {501, {5, 5, 4}, "Attribute not recognized"};
    case CommandError::RequireTls:
      return {555, {5, 5, 4}, "REQUIRETLS is not offered here, send without it"};
    case CommandError::BareControl:
      return {500, {5, 5, 2}, "Control character in command"};
  }
  return {500, {5, 5, 2}, "Command not recognized"};
}

// An address that is not ASCII although SMTPUTF8 was not given.
std::string ascii_form(std::string_view path) {
  const std::string in_a_labels = with_a_labels(path);
  if (ascii::is_ascii(in_a_labels) && is_domain_name(domain_of(in_a_labels), false)) {
    std::string form("; write it as \"");
    form.append(ascii::printable(in_a_labels, kShownPart));
    return form.append("\", or add SMTPUTF8 to MAIL");
  }
  return ascii::is_utf8(path) ? "; add SMTPUTF8 to MAIL, or use an address in ASCII"
                              : "; use an address in ASCII";
}

// What would be right, for refused addresses: people read these replies in their mail program.
std::string right_form(CommandError error, std::string_view line, std::string_view part) {
  if (error == CommandError::PathSyntax) {
    return ascii::equals_ignore_case(first_word(line), "MAIL")
               ? "; write it as in \"FROM:<name@example.com>\""
               : "; write it as in \"TO:<name@example.com>\"";
  }
  if (error == CommandError::PathTooLong) {  // the limits of PathError
    return "; 1000 octets are allowed, 255 of them for the domain";
  }
  if (error == CommandError::PathNotAscii) return ascii_form(part);
  if (error != CommandError::PathDomain) return "";
  return ascii::is_ascii(domain_of(part))
             ? "; write it as in \"name@example.com\""
             : "; the domain has no form in ASCII (RFC 5891), check its spelling";
}

}  // namespace

Reply to_error(CommandError error, std::string_view line, ParseContext context) {
  Reply reply = reply_to(error, line);
  const std::string_view part = faulty_part(line, context);
  if (!part.empty() && error != CommandError::RequireTls) {
    reply.text.append(": \"").append(ascii::printable(part, kShownPart)).append("\"");
  }
  reply.text += right_form(error, line, part);
  return reply;
}

std::string loggable(std::string_view line) {
  static constexpr std::array<std::string_view, 14> kShown = {
      "MAIL", "RCPT", "DATA", "BDAT", "EHLO",     "HELO", "RSET",
      "NOOP", "QUIT", "VRFY", "EXPN", "STARTTLS", "HELP", "XCLIENT"};
  const std::string_view verb = first_word(line);
  if (is_one_of(verb, kShown)) return std::string(line);
  if (ascii::equals_ignore_case(verb, "AUTH")) return "AUTH";
  std::string text = "(";
  text.append(may_be_verb(verb) ? verb : "unknown").append(", ");
  return text.append(std::to_string(line.size())).append(" octets)");
}

bool is_foreign_octet(char first) {
  const auto octet = static_cast<unsigned char>(first);
  return octet >= 0x80 ||
         (ascii::is_control(first) && first != '\r' && first != '\n' && first != '\t');
}

bool is_foreign_line(std::string_view line) {
  static constexpr std::array<std::string_view, 9> kForeign = {
      "GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "TRACE", "HOST:"};
  return is_one_of(first_word(line), kForeign);
}

Reply ok() { return {250, {2, 0, 0}, "Ok"}; }

Reply out_of_order(std::string_view text) { return {503, {5, 5, 1}, std::string(text)}; }

Reply line_too_long() { return {500, {5, 5, 2}, "Line too long"}; }

// RFC 4954 section 4.
Reply credentials_too_long() {
  return {500, {5, 5, 6}, "Authentication exchange line is too long"};
}

Reply credentials_malformed() { return {501, {5, 5, 2}, "Cannot decode the credentials"}; }

// The text begins with the new priority (RFC 6710 section 9).
Reply priority_changed(int priority) {
  return {250, {2, 3, 6}, std::to_string(priority) + " is the priority that this client may have"};
}

Reply too_big(std::size_t limit) {
  std::string text = "Message is larger than the ";
  return {552, {5, 3, 4}, text.append(std::to_string(limit)).append(" octets accepted here")};
}

}  // namespace signpost::smtp::server_replies
