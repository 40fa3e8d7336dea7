#include "queue/pattern.h"

#include "base/ascii.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace signpost::queue {

namespace {

constexpr std::size_t kLongest = 1000;  // octets, as of a mailbox

bool same(char a, char b) { return a == b; }
bool same_in_any_case(char a, char b) { return ascii::to_lower(a) == ascii::to_lower(b); }

// "*" takes as little as possible; when that fails, the last one takes one character more.
bool matches_text(std::string_view pattern, std::string_view text, bool (*equal)(char, char)) {
  std::size_t at = 0;
  std::size_t read = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;  // by the characters before and the last "*"
  while (read < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken = read;
    } else if (at < pattern.size() && equal(pattern[at], text[read])) {
      ++at;
      ++read;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      read = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

// The longest text between wildcards.
std::string_view longest_part(std::string_view pattern) {
  const auto parts = ascii::split(pattern, '*');
  return *std::ranges::max_element(parts, {}, &std::string_view::size);
}

std::unexpected<Error> wrong(std::string_view text, std::string_view reason) {
  return fail(Errc::InvalidArgument, fmt::format("\"{}\" {}", ascii::printable(text), reason));
}

bool is_wildcard_label(std::string_view label) {
  return std::ranges::all_of(
      label, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_' || c == '*'; });
}

// In the form that is compared; nothing if there is no such form.
std::optional<std::string> label_pattern(std::string_view label) {
  if (label.contains('*')) {
    if (!is_wildcard_label(label)) return std::nullopt;
    return ascii::lower(label);
  }
  // Checked after the mapping, which may turn a character into anything: even "*", or nothing.
  auto mapped = smtp::to_a_labels(label);
  if (!mapped || !smtp::is_domain_name(*mapped, false)) return std::nullopt;
  return std::move(*mapped);
}

std::optional<std::string> domain_pattern(std::string_view text) {
  if (smtp::is_address_literal(text)) return ascii::lower(text);
  // After a wildcard a dot is the rest of an empty name.
  if (text.ends_with('.') && !text.ends_with("*.")) text.remove_suffix(1);
  std::string pattern;
  for (const std::string_view label : ascii::split(text, '.')) {
    const auto one = label_pattern(label);
    if (!one) return std::nullopt;
    if (!pattern.empty()) pattern += '.';
    pattern += *one;
  }
  return pattern;
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  return matches_text(pattern, text, same_in_any_case);
}

Result<AddressPattern> AddressPattern::parse(std::string_view text) {
  if (text.size() > kLongest) return wrong(text.substr(0, 40), "is too long");
  if (!ascii::is_utf8(text)) return wrong(text, "is not UTF-8");
  AddressPattern pattern;
  const std::size_t at = text.rfind('@');
  auto domain = domain_pattern(text.substr(at + 1));  // all of it without "@"
  if (!domain) {
    return wrong(text,
                 text.contains('*')
                     ? "is not a pattern of addresses: labels with \"*\" are letters, digits and "
                       "hyphens in ASCII, and no label is empty"
                     : "is neither a domain nor an address");
  }
  pattern.domain_ = std::move(*domain);
  if (at == std::string_view::npos || at == 0 || text.substr(0, at) == "*") return pattern;
  const std::string_view local_part = text.substr(0, at);
  // Any domain will do: only the local part is checked.
  if (!smtp::parse_mailbox(std::string(local_part) + "@domain.example", true)) {
    return wrong(text, "is not an address");
  }
  pattern.quoted_ = local_part.starts_with('"');
  pattern.local_part_ = smtp::unquoted(local_part);
  return pattern;
}

bool AddressPattern::matches_domain(std::string_view domain) const {
  // Former versions stored U-labels.
  if (ascii::is_ascii(domain)) return matches_text(domain_, domain, same_in_any_case);
  return matches_text(domain_, smtp::with_a_labels(domain), same_in_any_case);
}

bool AddressPattern::matches_local_part(std::string_view local_part) const {
  const std::string meant = smtp::unquoted(local_part);
  return quoted_ ? ascii::equals_ignore_case(*local_part_, meant)
                 : matches_text(*local_part_, meant, same_in_any_case);
}

bool AddressPattern::matches(std::string_view mailbox) const {
  const std::size_t at = mailbox.rfind('@');
  if (at == std::string_view::npos) return false;
  return (!local_part_ || matches_local_part(mailbox.substr(0, at))) &&
         matches_domain(mailbox.substr(at + 1));
}

std::string_view AddressPattern::fixed_part() const {
  const std::string_view part = longest_part(domain_);
  // It may be of an A-label, which former versions stored as a U-label.
  return part.contains("--") ? std::string_view() : part;
}

Result<LoginPattern> LoginPattern::parse(std::string_view text) {
  if (text.empty() || text == "@" || text == "*@") return wrong(text, "names no login");
  if (text.size() > kLongest) return wrong(text.substr(0, 40), "is too long");
  LoginPattern pattern;
  if (text.starts_with('@')) pattern.text_ = "*";
  pattern.text_ += text;
  return pattern;
}

bool LoginPattern::matches(std::string_view login) const {
  return !login.empty() && matches_text(text_, login, same);
}

std::string_view LoginPattern::fixed_part() const { return longest_part(text_); }

}  // namespace signpost::queue
