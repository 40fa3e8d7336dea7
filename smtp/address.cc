#include "smtp/address.h"

#include "base/ascii.h"
#include "smtp/idna.h"

#include <arpa/inet.h>

#include <algorithm>

namespace signpost::smtp {

namespace {

// RFC 5321 section 4.5.3.1 asks for 64 octets of a local part and 256 of a path at least, and to
// impose no limits where that can be avoided: return paths that encode a recipient are longer.
constexpr std::size_t kMaxMailbox = 1000;
constexpr std::size_t kMaxDomain = 255;
constexpr std::size_t kMaxDomainName = 253;
constexpr std::size_t kMaxLabel = 63;

bool is_utf8_octet(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// atext of RFC 5322 section 3.2.3, extended by RFC 6531 section 3.3.
bool is_atext(char c) {
  return ascii::is_alnum(c) || is_utf8_octet(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

// Any character that may occur in a quoted string, alone or after a backslash.
bool is_quotable(char c) { return !ascii::is_control(c); }

// The length of the quoted string at the front of `text`, 0 if it is not one that ends.
std::size_t quoted_length(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
    if (i == text.size() || !is_quotable(text[i])) return 0;
  }
  return 0;
}

// The length of the dot-string at the front of `text`, 0 if there is none. Dots may be anywhere:
// the grammar wants such a local part quoted, but mailboxes like "john.." exist, nobody quotes
// them, and their servers would not know the quoted form.
std::size_t dot_string_length(std::string_view text) {
  const auto end = std::ranges::find_if(text, [](char c) { return c != '.' && !is_atext(c); });
  return static_cast<std::size_t>(end - text.begin());
}

bool is_label_octet(char c, bool utf8) {
  return ascii::is_alnum(c) || c == '-' || c == '_' || (utf8 && is_utf8_octet(c));
}

// The limit of a U-label is that of its A-label, which only IDNA knows; here the name as a whole is
// bounded.
bool is_label(std::string_view label, bool utf8) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  if (label.size() > kMaxLabel && ascii::is_ascii(label)) return false;
  return std::ranges::all_of(label, [utf8](char c) { return is_label_octet(c, utf8); });
}

std::expected<std::string, PathError> parse_domain(std::string_view text) {
  if (text.empty()) return std::unexpected(PathError::DomainMissing);
  if (text.size() > kMaxDomain) return std::unexpected(PathError::TooLong);
  // The grammar has no trailing dot, but people write one; without it, equal names are equal.
  if (text.ends_with('.')) text.remove_suffix(1);
  if (is_address_literal(text)) return ascii::lower(text);
  auto domain = to_a_labels(text);
  // Checked after the mapping, which may turn a letter into anything: "℀" becomes "a/c".
  if (!domain || !is_domain_name(*domain, false)) {
    return std::unexpected(PathError::DomainMalformed);
  }
  return std::move(*domain);
}

// The length of the local part at the front of `text`, 0 if it is malformed.
std::size_t local_part_length(std::string_view text) {
  return text.starts_with('"') ? quoted_length(text) : dot_string_length(text);
}

// Drops "@one,@two:" at the front. Nothing if it is malformed.
std::optional<std::string_view> without_source_route(std::string_view path) {
  bool first = true;
  while (path.starts_with('@')) {
    const bool literal = path.substr(1).starts_with('[');
    const std::size_t end = literal
                                ? path.find_first_of(",:", std::min(path.find(']'), path.size()))
                                : path.find_first_of(",:");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view domain = path.substr(1, end - 1);
    if (!is_domain_name(domain, true) && !is_address_literal(domain)) return std::nullopt;
    const bool last = path[end] == ':';
    path.remove_prefix(end + 1);
    if (last) return path;
    first = false;
  }
  return first ? std::optional(path) : std::nullopt;
}

std::optional<PathError> check_octets(std::string_view text, bool utf8) {
  if (ascii::is_ascii(text)) return std::nullopt;
  if (!utf8) return PathError::NotAscii;
  return ascii::is_utf8(text) ? std::nullopt : std::optional(PathError::Syntax);
}

std::expected<Mailbox, PathError> parse_path(std::string_view path, bool utf8) {
  if (const auto error = check_octets(path, utf8)) return std::unexpected(*error);
  const auto mailbox = without_source_route(path);
  if (!mailbox) return std::unexpected(PathError::Syntax);
  return parse_mailbox(*mailbox, utf8);
}

}  // namespace

Mailbox::Mailbox(std::string_view local_part, std::string_view domain) {
  text_.reserve(local_part.size() + 1 + domain.size());
  text_ += local_part;
  if (!domain.empty()) text_.append("@").append(domain);
}

Mailbox Mailbox::from_text(std::string_view text) {
  Mailbox mailbox;
  mailbox.text_ = ascii::is_ascii(text) ? std::string(text) : with_a_labels(text);
  return mailbox;
}

std::string_view Mailbox::local_part() const {
  return std::string_view(text_).substr(0, text_.rfind('@'));
}

std::string_view Mailbox::domain() const { return domain_of(text_); }

bool Mailbox::needs_smtputf8() const { return !ascii::is_ascii(text_); }

std::expected<PathText, PathError> split_path(std::string_view argument) {
  const std::size_t open = argument.find_first_not_of(" \t");
  if (open == std::string_view::npos || argument[open] != '<') {
    return std::unexpected(PathError::Syntax);
  }
  const std::string_view text = argument.substr(open + 1);
  bool quoted = false;
  std::size_t close = 0;
  for (; close < text.size() && (quoted || text[close] != '>'); ++close) {
    if (text[close] == '"') quoted = !quoted;
    if (quoted && text[close] == '\\') ++close;
  }
  if (close >= text.size()) return std::unexpected(PathError::Syntax);
  std::string_view rest = text.substr(close + 1);
  if (!rest.empty() && !ascii::is_wsp(rest.front())) return std::unexpected(PathError::Syntax);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  return PathText{text.substr(0, close), rest};
}

std::expected<ReversePath, PathError> parse_reverse_path(std::string_view path, bool utf8) {
  if (path.empty()) return ReversePath();
  auto mailbox = parse_path(path, utf8);
  if (!mailbox) return std::unexpected(mailbox.error());
  return ReversePath(std::move(*mailbox));
}

std::expected<Mailbox, PathError> parse_forward_path(std::string_view path, bool utf8) {
  // The one mailbox that every host has (RFC 5321 section 4.1.1.3).
  if (ascii::equals_ignore_case(path, "postmaster")) return Mailbox(path, "");
  return parse_path(path, utf8);
}

std::expected<Mailbox, PathError> parse_mailbox(std::string_view text, bool utf8) {
  if (const auto error = check_octets(text, utf8)) return std::unexpected(*error);
  const std::size_t length = local_part_length(text);
  if (length == 0) return std::unexpected(PathError::Syntax);
  if (length == text.size()) return std::unexpected(PathError::DomainMissing);
  if (text[length] != '@') return std::unexpected(PathError::Syntax);
  auto domain = parse_domain(text.substr(length + 1));
  if (!domain) return std::unexpected(domain.error());
  if (text.size() > kMaxMailbox) return std::unexpected(PathError::TooLong);
  return Mailbox(text.substr(0, length), *domain);
}

std::string unquoted(std::string_view local_part) {
  if (local_part.size() < 2 || quoted_length(local_part) != local_part.size()) {
    return std::string(local_part);
  }
  std::string meant;
  for (std::size_t i = 1; i + 1 < local_part.size(); ++i) {
    if (local_part[i] == '\\' && i + 2 < local_part.size()) ++i;
    meant += local_part[i];
  }
  return meant;
}

std::string_view domain_of(std::string_view mailbox) {
  const std::size_t at = mailbox.rfind('@');
  return at == std::string_view::npos ? std::string_view() : mailbox.substr(at + 1);
}

bool is_domain_name(std::string_view domain, bool utf8) {
  if (domain.empty() || domain.size() > kMaxDomainName) return false;
  if (utf8 && !ascii::is_utf8(domain)) return false;
  std::string_view last;
  for (std::size_t begin = 0; begin <= domain.size(); begin += last.size() + 1) {
    last = domain.substr(begin, domain.find('.', begin) - begin);
    if (!is_label(last, utf8)) return false;
  }
  // No top-level domain is a number, so this is an IPv4 address without its brackets.
  return !std::ranges::all_of(last, ascii::is_digit);
}

bool is_address_literal(std::string_view text) {
  constexpr std::string_view kV6Tag = "IPv6:";
  if (text.size() < 3 || !text.starts_with('[') || !text.ends_with(']')) return false;
  text = text.substr(1, text.size() - 2);
  // inet_pton() stops at a NUL, which no address contains.
  if (text.size() > INET6_ADDRSTRLEN + kV6Tag.size() || text.contains('\0')) return false;
  const bool v6 = ascii::starts_with_ignore_case(text, kV6Tag);
  if (v6) text.remove_prefix(kV6Tag.size());
  in6_addr address;
  return inet_pton(v6 ? AF_INET6 : AF_INET, std::string(text).c_str(), &address) == 1;
}

}  // namespace signpost::smtp
