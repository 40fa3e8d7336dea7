// Mailboxes and paths of the SMTP envelope (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
#pragma once

#include <compare>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::smtp {

// local-part "@" domain. The local part is kept as it was sent, quotes and case included (only the
// final host may interpret it, section 2.4). The domain is an address literal in brackets, or a
// name in lower case, without a trailing dot, and in A-labels whichever labels were sent (RFC 5890
// section 2.3.2.1): so equal domains are equal texts, and each has a form for peers without
// SMTPUTF8.
class Mailbox {
 public:
  Mailbox() = default;
  // REQUIRES: a parser has taken both apart.
  Mailbox(std::string_view local_part, std::string_view domain);
  // From a text() that was stored. Former versions stored domains in U-labels, which become
  // A-labels here if they can.
  static Mailbox from_text(std::string_view text);

  const std::string& text() const { return text_; }  // without angle brackets
  std::string_view local_part() const;
  std::string_view domain() const;  // empty only for RCPT TO:<Postmaster>
  bool needs_smtputf8() const;      // RFC 6531: it has no form in ASCII
  bool is_address_literal() const { return domain().starts_with('['); }
  friend auto operator<=>(const Mailbox&, const Mailbox&) = default;

 private:
  std::string text_;
};

// The null reverse-path "<>" is not a mailbox.
using ReversePath = std::optional<Mailbox>;
// Without angle brackets; "" is the null one. The view lives as long as `path`.
inline std::string_view text_of(const ReversePath& path) {
  return path ? std::string_view(path->text()) : std::string_view();
}

enum class PathError {
  Syntax,           // 501 5.1.7 (sender), 5.1.3 (recipient)
  TooLong,          // path, 1,000 octets; domain, 255 (section 4.5.3.1.2)
  NotAscii,         // 553 5.6.7: UTF-8 without SMTPUTF8
  DomainMissing,    // an address without "@domain"
  DomainMalformed,  // neither a name that can be looked up nor an address literal
};

struct PathText {
  std::string_view path;  // between the angle brackets
  std::string_view rest;  // what follows: the parameters, blanks removed at the front
};

// Splits "<...> PARAM=VALUE", minding quoted strings; blanks before "<" are tolerated.
std::expected<PathText, PathError> split_path(std::string_view argument);

// `path` is the text between the angle brackets. A source route ("@a,@b:user@c") is read and
// dropped (appendix C). `utf8` is true once SMTPUTF8 was given.
std::expected<ReversePath, PathError> parse_reverse_path(std::string_view path, bool utf8);
std::expected<Mailbox, PathError> parse_forward_path(std::string_view path, bool utf8);

// A bare mailbox, as written in a configuration file or on a command line.
std::expected<Mailbox, PathError> parse_mailbox(std::string_view text, bool utf8);

// The domain of a mailbox given as text: what follows the last "@", or nothing.
std::string_view domain_of(std::string_view mailbox);

// The value of the local part: without quotes and backslashes if it is a quoted string (RFC 5321
// section 4.1.2: "a" and a are the same mailbox).
std::string unquoted(std::string_view local_part);

// True for a host name that can be looked up: letters, digits, hyphens (and underscores, which
// exist), labels of 1 to 63 octets, 253 in all; UTF-8 when `utf8`.
bool is_domain_name(std::string_view domain, bool utf8);
bool is_address_literal(std::string_view text);  // [192.0.2.1], [IPv6:2001:db8::1]

}  // namespace signpost::smtp
