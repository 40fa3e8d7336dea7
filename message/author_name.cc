#include "message/author_name.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "message/header_section.h"

#include <algorithm>

namespace signpost::message {

namespace {

// "local@domain" when `text` is one mailbox and nothing else.
std::optional<std::string> only_address(std::string_view text) {
  auto listed = mailboxes(text, 1);
  if (!listed || listed->size() != 1) return {};
  return std::move(listed->front().address);
}

// "John @ Shop" is a name: nobody's domain is a single label.
bool holds_another_mailbox(std::string_view name, const std::string& address) {
  while (!name.empty()) {
    const std::size_t end = std::min(name.find_first_of(",;"), name.size());
    const auto other = only_address(name.substr(0, end));
    if (other && *other != address && other->find('.', other->rfind('@')) != std::string::npos) {
      return true;
    }
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

// An encoded word of RFC 2047 with nothing in it that a phrase may not hold (section 5, rule 3);
// nothing when `word` is none.
std::optional<std::string> phrase_safe_encoded_word(std::string_view word) {
  if (!word.starts_with("=?") || !word.ends_with("?=")) return {};
  const auto parts = ascii::split(word, '?');
  if (parts.size() != 5 || parts[2].size() != 1) return {};
  const std::string_view charset = parts[1];
  const auto is_name = [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_' || c == '*';
  };
  if (charset.empty() || !std::ranges::all_of(charset, is_name)) return {};
  std::string text;
  if (ascii::to_lower(parts[2].front()) == 'b') {
    if (!base64::decode(parts[3])) return {};
    text = parts[3];
  } else if (ascii::to_lower(parts[2].front()) == 'q') {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (const char c : parts[3]) {
      if (ascii::is_alnum(c) || std::string_view("!*+-/=_").contains(c)) {
        text += c;
      } else {
        const auto octet = static_cast<unsigned char>(c);
        (text += '=').append({kHex[octet >> 4], kHex[octet & 15]});
      }
    }
  } else {
    return {};
  }
  return std::string("=?").append(charset).append("?").append(parts[2]).append("?").append(text) +
         "?=";
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Encoded words as they are, what is between them quoted.
std::string as_phrase(std::string_view name) {
  std::string out;
  std::string plain;
  const auto add = [&](const std::string& text) {
    if (!out.empty()) out += ' ';
    out += text;
  };
  const auto add_plain = [&] {
    if (!plain.empty()) add(quoted(plain));
    plain.clear();
  };
  for (const std::string_view word : ascii::split(name, ' ')) {
    if (word.empty()) continue;
    if (const auto encoded = phrase_safe_encoded_word(word)) {
      add_plain();
      add(*encoded);
    } else {
      if (!plain.empty()) plain += ' ';
      plain += word;
    }
  }
  add_plain();
  return out;
}

}  // namespace

std::optional<std::string> with_quoted_name(std::string_view value) {
  std::string line = unfold(value);
  std::ranges::replace(line, '\t', ' ');
  if (std::ranges::any_of(line, ascii::is_control)) return {};
  while (line.ends_with(';') || line.ends_with(',') || line.ends_with(' ')) line.pop_back();
  if (only_address(line)) return line;
  const std::size_t open = line.find('<');
  if (open == std::string::npos || line.find('<', open + 1) != std::string::npos) return {};
  if (line.find('>') != line.size() - 1) return {};
  const std::string_view name = ascii::trim(std::string_view(line).substr(0, open));
  const std::string angle = line.substr(open);
  const auto address = only_address(angle);
  if (!address || name.empty() || holds_another_mailbox(name, *address)) return {};
  std::string repaired = as_phrase(name) + ' ' + angle;
  if (only_address(repaired) != address) return {};
  return repaired;
}

}  // namespace signpost::message
