#include "message/author_name.h"

#include "base/ascii.h"
#include "message/encoded_word.h"
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

// "John @ Shop" is a name: a single label is nobody's domain.
bool holds_another_mailbox(std::string_view name, const std::string& address,
                           const ComparedForm& compared) {
  const auto differs = [&](const std::string& other) {
    return other != address && (!compared || compared(other) != compared(address));
  };
  while (!name.empty()) {
    const std::size_t end = std::min(name.find_first_of(",;"), name.size());
    const auto other = only_address(name.substr(0, end));
    if (other && other->find('.', other->rfind('@')) != std::string::npos && differs(*other)) {
      return true;
    }
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

// Whether quoting it would quote an encoded word, which RFC 2047 section 5 forbids: the
// reader would see the encoding.
bool is_attached(std::string_view name) {
  char before = ' ';
  for (std::size_t at = 0; at < name.size(); ++at) {
    const std::size_t length = encoded_word_length(name.substr(at));
    if (length != 0) {
      const std::size_t end = at + length;
      if (before != ' ' || (end < name.size() && name[end] != ' ')) return true;
      if (name.substr(at, length).contains(' ')) return true;
      at = end - 1;
    }
    before = name[at];
  }
  return false;
}

// Quotes around text are not shown; one that is not closed is text.
std::string without_quotes(std::string_view name) {
  std::string out;
  bool in_quotes = false;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] == '"') {
      in_quotes = !in_quotes;
      continue;
    }
    if (in_quotes && name[at] == '\\' && at + 1 < name.size()) ++at;
    out += name[at];
  }
  return in_quotes ? std::string(name) : out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Encoded words as they are, what is between them quoted. When text touches an encoded word, all is
// encoded: between it and a quoted string its reader would see a blank. Nothing when that needs an
// unknown charset.
std::optional<std::string> as_phrase(std::string_view name) {
  if (is_attached(name)) {
    if (!ascii::is_utf8(name)) return {};
    return all_encoded(without_quotes(name));
  }
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
    if (encoded_word_length(word) == word.size()) {
      add_plain();
      add(phrase_safe(word));
    } else {
      if (!plain.empty()) plain += ' ';
      plain += word;
    }
  }
  add_plain();
  return out;
}

}  // namespace

std::optional<std::string> with_quoted_name(std::string_view value, const ComparedForm& compared) {
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
  if (!address || name.empty() || holds_another_mailbox(name, *address, compared)) return {};
  const auto phrase = as_phrase(name);
  if (!phrase) return {};
  std::string repaired = *phrase + ' ' + angle;
  if (only_address(repaired) != address) return {};
  return repaired;
}

}  // namespace signpost::message
