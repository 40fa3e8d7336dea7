#include "providers/reply_pattern.h"

#include "base/ascii.h"
#include "config/toml_document.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace signpost::providers {

namespace {

using smtp::EnhancedStatus;

// Letters of other alphabets are octets above 127.
bool is_word(char c) { return ascii::is_alnum(c) || static_cast<unsigned char>(c) > 127; }

std::unexpected<std::string> wrong(std::string_view text, std::string_view what) {
  return std::unexpected(config::shown(text).append(" ").append(what));
}

std::optional<std::uint16_t> number(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 999) return {};
  return value;
}

ReplyClass class_of_detail(const EnhancedStatus& status) {
  switch (status.subject) {
    case 1:
      switch (status.detail) {
        case 1:   // mailbox
        case 2:   // system
        case 3:   // syntax
        case 4:   // ambiguous
        case 6:   // moved
        case 10:  // null MX (RFC 7505)
          return ReplyClass::Address;
        case 7:  // the sender's
        case 8:
          return ReplyClass::Policy;
        default:  // 5.1.0 is said of either
          return ReplyClass::Other;
      }
    case 2:
      return status.detail == 3 ? ReplyClass::Content : ReplyClass::Mailbox;
    case 3:
      return status.detail == 4 ? ReplyClass::Content : ReplyClass::Other;
    case 4:
      return status.detail == 5 ? ReplyClass::Rate : ReplyClass::Network;
    case 5:
      return status.detail == 3 ? ReplyClass::Rate : ReplyClass::Other;
    case 6:
      return ReplyClass::Content;
    case 7:
      return status.detail == 5 || status.detail == 10 ? ReplyClass::Tls : ReplyClass::Policy;
    default:
      return ReplyClass::Other;
  }
}

}  // namespace

ReplyText::ReplyText(std::string_view text) {
  const bool cut = text.size() > kMostText;
  text = text.substr(0, kMostText);
  text_.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    const std::string_view run = text.substr(at, end - at);
    // What the cut goes through may be half of an address.
    const bool whole = end < text.size() || !cut;
    if (!run.empty() && whole && run.find('@') == std::string_view::npos) {
      if (!text_.empty()) text_ += ' ';
      for (const char c : run) text_ += ascii::to_lower(c);
    }
    at = end + 1;
  }
}

std::expected<CodePattern, std::string> CodePattern::parse(std::string_view text) {
  CodePattern pattern;
  const auto digit_or_x = [](char c) { return ascii::is_digit(c) || c == 'x'; };
  if (text.size() != 3 || (text[0] != '4' && text[0] != '5') ||
      !std::ranges::all_of(text.substr(1), digit_or_x)) {
    return wrong(text, "is not a code of a refusal");
  }
  std::ranges::copy(text, pattern.digits_.begin());
  return pattern;
}

bool CodePattern::matches(int code) const {
  for (std::size_t i = 3; i-- > 0; code /= 10) {
    if (digits_[i] != 'x' && digits_[i] - '0' != code % 10) return false;
  }
  return code == 0;
}

std::expected<StatusPattern, std::string> StatusPattern::parse(std::string_view text) {
  StatusPattern pattern;
  const auto parts = ascii::split(text, '.');
  const auto refuse = [&] { return wrong(text, "is not an enhanced status"); };
  if (parts.size() != 3) return refuse();
  for (std::size_t i = 0; i < 3; ++i) {
    if (parts[i] == "*") continue;
    const std::size_t dash = parts[i].find('-');
    const auto first = number(parts[i].substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(parts[i].substr(dash + 1));
    if (!first || !last || *first > *last) return refuse();
    if (i == 0 && (*first < 4 || *last > 5)) return wrong(text, "is not that of a refusal");
    pattern.parts_[i] = {*first, *last};
  }
  return pattern;
}

bool StatusPattern::matches(const EnhancedStatus& status) const {
  const auto within = [](const Range& range, std::uint16_t value) {
    return value >= range.first && value <= range.last;
  };
  return status.present() && within(parts_[0], status.class_digit) &&
         within(parts_[1], status.subject) && within(parts_[2], status.detail);
}

std::expected<TextPattern, std::string> TextPattern::parse(std::string_view text) {
  if (text.size() > kLongest) return wrong(text, "is longer than 200 octets");
  if (std::ranges::any_of(text, ascii::is_control)) return wrong(text, "has control characters");
  if (text.find('@') != std::string_view::npos) {
    return wrong(text, "never matches: words with @ are left out of the text");
  }
  if (text.find("  ") != std::string_view::npos) {
    return wrong(text, "never matches: runs of blanks count as one");
  }
  TextPattern pattern;
  for (const std::string_view piece : ascii::split(text, '*')) {
    if (!piece.empty()) pattern.pieces_.push_back(ascii::lower(piece));
  }
  if (std::ranges::none_of(text, is_word)) return wrong(text, "has no words");
  if (text.front() == ' ' || text.back() == ' ') return wrong(text, "begins or ends with a blank");
  pattern.open_begin_ = text.front() == '*';
  pattern.open_end_ = text.back() == '*';
  return pattern;
}

bool TextPattern::matches(const ReplyText& reply) const {
  const std::string_view text = reply.view();
  std::size_t from = 0;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const std::string& piece = pieces_[i];
    const bool at_begin = i == 0 && !open_begin_ && is_word(piece.front());
    const bool at_end = i + 1 == pieces_.size() && !open_end_ && is_word(piece.back());
    std::size_t at = from;
    for (;; ++at) {
      at = text.find(piece, at);
      if (at == std::string_view::npos) return false;
      const std::size_t end = at + piece.size();
      if (at_begin && at > 0 && is_word(text[at - 1])) continue;
      if (at_end && end < text.size() && is_word(text[end])) continue;
      break;
    }
    from = at + piece.size();
  }
  return true;
}

bool ReplyPattern::matches(const smtp::Reply& reply, const ReplyText& text) const {
  const auto fits = [](const auto& patterns, const auto& value) {
    return patterns.empty() || std::ranges::any_of(patterns, [&](const auto& pattern) {
             return pattern.pattern.matches(value);
           });
  };
  return fits(codes, reply.code) && fits(statuses, reply.status) && fits(texts, text);
}

ReplyClass class_by_status(const smtp::Reply& reply) {
  if (reply.positive()) return ReplyClass::Accepted;
  // 4xx concerns the rate far more often than its status says: greylisting comes as 4.7.1, the
  // large providers' throttling as 4.7.0, 4.7.28 or 4.7.650.
  if (reply.transient() && (reply.code == 421 || reply.status.subject == 7)) {
    return ReplyClass::Rate;
  }
  if (reply.status.present()) return class_of_detail(reply.status);
  if (reply.code == 0) return ReplyClass::Network;
  // A 550 alone is as often a verdict on the sender as one on the recipient, and 552 says "mailbox"
  // and "message too large" alike.
  return ReplyClass::Other;
}

}  // namespace signpost::providers
