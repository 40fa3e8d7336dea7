#include "message/encoded_word.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/check.h"

#include <algorithm>

namespace signpost::message {

namespace {

constexpr std::size_t kMostOctets = 42;  // in one word, which is then shorter than 75

// Never splits a UTF-8 sequence.
std::size_t piece_length(std::string_view text) {
  if (text.size() <= kMostOctets) return text.size();
  std::size_t length = kMostOctets;
  while (length > 1 && (text[length] & 0xC0) == 0x80) --length;
  return length;
}

bool is_charset(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return ascii::is_alnum(c) || std::string_view("-_*.:+").contains(c);
  });
}

bool is_visible(char c) { return (c >= ' ' && c < 0x7f) || c == '\t'; }

}  // namespace

std::size_t encoded_word_length(std::string_view text) {
  if (!text.starts_with("=?")) return 0;
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos) return 0;
  const std::string_view rest = text.substr(charset_end + 1);
  if (rest.size() < 2 || rest[1] != '?') return 0;
  const std::size_t length = rest.substr(2).find('?');
  if (length == std::string_view::npos || !rest.substr(2 + length).starts_with("?=")) return 0;
  const std::string_view encoded = rest.substr(2, length);
  const char encoding = ascii::to_lower(rest.front());
  const bool right = encoding == 'b'   ? base64::decode(encoded).has_value()
                     : encoding == 'q' ? std::ranges::all_of(encoded, is_visible)
                                       : false;
  if (!right || !is_charset(text.substr(2, charset_end - 2))) return 0;
  return charset_end + 1 + 2 + length + 2;
}

std::string phrase_safe(std::string_view word) {
  const auto parts = ascii::split(word, '?');
  CHECK(parts.size() == 5);
  std::string out = std::string("=?").append(parts[1]).append("?").append(parts[2]) + '?';
  if (ascii::to_lower(parts[2].front()) == 'b') return out.append(parts[3]).append("?=");
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : parts[3]) {
    if (ascii::is_alnum(c) || std::string_view("!*+-/=_").contains(c)) {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      (out += '=').append({kHex[octet >> 4], kHex[octet & 15]});
    }
  }
  return out + "?=";
}

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = piece_length(text);
    if (!out.empty()) out += ' ';
    out.append("=?utf-8?B?").append(base64::encode(text.substr(0, length))).append("?=");
    text.remove_prefix(length);
  }
  return out;
}

std::string all_encoded(std::string_view text) {
  std::string out;
  const auto add = [&](const std::string& words) {
    if (!out.empty() && !words.empty()) out += ' ';
    out += words;
  };
  std::size_t start = 0;  // of the plain text that is not added yet
  const auto add_plain = [&](std::size_t end) {
    const std::string_view plain = text.substr(start, end - start);
    const bool between = start > 0 && end < text.size();
    if (!between || !ascii::trim(plain).empty()) add(encoded_words(plain));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = encoded_word_length(text.substr(at));
    if (length == 0) {
      ++at;
      continue;
    }
    add_plain(at);
    add(phrase_safe(text.substr(at, length)));
    start = at += length;
  }
  add_plain(text.size());
  return out;
}

}  // namespace signpost::message
