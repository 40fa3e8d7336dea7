// mailboxes(), with_domain(), first_domain() and first_address() of header_section.h: address lists
// (RFC 5322 section 3.4).
//
// What is found here chooses the key that signs and is compared with what a login may send, so a
// guess is worse than no answer: whatever other parsers could read in another way (two addresses in
// one mailbox, blanks within a domain, a quote or comment without its end) is not a mailbox. Two
// liberties are taken since all parsers agree about them: octets above 127 count as letters in a
// display name, and a display name may be the unquoted address itself.
#include "base/ascii.h"
#include "message/header_section.h"

#include <algorithm>
#include <vector>

namespace signpost::message {

namespace {

constexpr std::size_t kMaxTokens = 512;      // of one mailbox; a display name has a few words
constexpr std::size_t kMaxLocalPart = 1000;  // as in the envelope
constexpr std::size_t kMaxDomain = 253;
constexpr std::size_t kMaxLabel = 63;

struct Token {
  enum class Kind { End, Malformed, Word, Quoted, EncodedWord, Literal, Special };
  Kind kind = Kind::End;
  std::string_view text;

  bool is(char special) const { return kind == Kind::Special && text.front() == special; }
};

bool is_word_char(char c) {
  constexpr std::string_view kOthers = ".!#$%&'*+-/=?^_`{|}~";
  return ascii::is_alnum(c) || (c & 0x80) != 0 || kOthers.contains(c);
}

// The length of the encoded word (RFC 2047 section 2) at the start of `text`, 0 if there is none.
// Broken encoders leave commas and at-signs in it; either is harmless, but an encoded word with
// both is a list of addresses to a reader that splits first and decodes later.
std::size_t encoded_word_length(std::string_view text) {
  if (!text.starts_with("=?")) return 0;
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size()) return 0;
  if (text[charset_end + 2] != '?') return 0;
  std::size_t end = charset_end + 3;
  bool comma = false;
  bool at_sign = false;
  while (end < text.size() && text[end] != '?') {
    const char c = text[end++];
    if (c <= ' ' || std::string_view("<>\"()[]:;\\\x7f").contains(c)) return 0;
    comma |= c == ',';
    at_sign |= c == '@';
  }
  const std::string_view charset = text.substr(2, charset_end - 2);
  if (charset.empty() || !std::ranges::all_of(charset, is_word_char)) return 0;
  if (!text.substr(end).starts_with("?=") || (comma && at_sign)) return 0;
  return end + 2;
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : rest_(text) {}

  Token next() {
    if (!skip_blanks_and_comments()) return {Token::Kind::Malformed, {}};
    if (rest_.empty()) return {};
    const char c = rest_.front();
    if (c == '"') return delimited(Token::Kind::Quoted, '"');
    if (c == '[') return delimited(Token::Kind::Literal, ']');
    if (std::string_view("<>,;:@").contains(c)) return take(Token::Kind::Special, 1);
    if (const std::size_t length = encoded_word_length(rest_)) {
      return take(Token::Kind::EncodedWord, length);
    }
    const auto end = std::ranges::find_if_not(rest_, is_word_char);
    const auto length = static_cast<std::size_t>(end - rest_.begin());
    return take(length == 0 ? Token::Kind::Malformed : Token::Kind::Word, length);
  }

 private:
  Token take(Token::Kind kind, std::size_t length) {
    const Token token{kind, rest_.substr(0, length)};
    rest_.remove_prefix(length);
    return token;
  }

  static bool is_forbidden(char c) { return ascii::is_control(c) && c != '\t'; }

  Token delimited(Token::Kind kind, char end) {
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == end) return take(kind, i + 1);
      if (rest_.substr(i).starts_with("\r\n")) {
        ++i;  // a fold
        continue;
      }
      // A quoted line end would become something else once the folds are removed.
      if (rest_[i] == '\\') ++i;
      if (i == rest_.size() || is_forbidden(rest_[i])) break;
    }
    return {Token::Kind::Malformed, {}};
  }

  // Comments nest; the depth is counted, so that no input can exhaust the stack.
  bool skip_blanks_and_comments() {
    std::size_t depth = 0;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '(') {
        ++depth;
      } else if (depth > 0) {
        if (c == ')') --depth;
        if (c == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      } else if (!ascii::is_wsp(c) && c != '\r' && c != '\n') {
        return true;
      }
      rest_.remove_prefix(1);
    }
    return depth == 0;
  }

  std::string_view rest_;
};

struct Mailbox {
  std::string local_part;
  std::string domain;  // lower case; a domain literal in brackets; "": see ListReader

  bool operator==(const Mailbox&) const = default;
};

// A mailbox, and its place in the value: see ListedMailbox.
struct Found {
  Mailbox mailbox;
  std::string_view text;
  bool whole = false;
};

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && std::ranges::all_of(label, [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_' || (c & 0x80) != 0;
  });
}

std::optional<std::string> domain_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > kMaxDomain || !ascii::is_utf8(text)) return {};
  const auto labels = ascii::split(text, '.');
  if (!std::ranges::all_of(labels, is_label)) return {};
  // An IPv4 address without brackets is not a domain.
  if (std::ranges::all_of(labels.back(), ascii::is_digit)) return {};
  return ascii::lower(text);
}

std::optional<std::string> domain_literal(std::string_view text) {
  const bool plain =
      std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '\\'; });
  if (!plain || text.size() > kMaxDomain) return {};
  return ascii::lower(text);
}

std::optional<std::string> local_part(const Token& token) {
  if (token.kind != Token::Kind::Word && token.kind != Token::Kind::Quoted) return {};
  // Half an encoded word: a reader that decodes first sees another address.
  if (token.kind == Token::Kind::Word && token.text.contains("=?")) return {};
  std::string text(token.text);
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  if (text.size() > kMaxLocalPart || !ascii::is_utf8(text)) return {};
  return text;
}

// Comments and blanks may surround the "@" and nothing else (section 3.4.1), so an addr-spec is
// exactly three tokens. The obsolete form with blanks around each dot is refused: half of the
// parsers would cut the domain short.
std::optional<Mailbox> addr_spec(const std::vector<Token>& tokens) {
  if (tokens.size() != 3 || !tokens[1].is('@')) return {};
  const auto local = local_part(tokens[0]);
  if (!local) return {};
  std::optional<std::string> domain;
  if (tokens[2].kind == Token::Kind::Word) domain = domain_name(tokens[2].text);
  if (tokens[2].kind == Token::Kind::Literal) domain = domain_literal(tokens[2].text);
  if (!domain) return {};
  return Mailbox{*local, *domain};
}

// Brackets are specials (section 3.2.3), and parsers differ about a name with "[x]" in it.
bool is_phrase(const std::vector<Token>& tokens) {
  return std::ranges::none_of(tokens, [](const Token& token) {
    return token.is('@') || token.kind == Token::Kind::Literal;
  });
}

// Reads the route of "<@a,@b:user@c>" (section 4.4), whose "@" was taken already, up to its colon.
bool skip_route(Tokenizer& tokens) {
  for (;;) {
    const Token domain = tokens.next();
    if (domain.kind != Token::Kind::Word && domain.kind != Token::Kind::Literal) return false;
    Token after = tokens.next();
    if (after.is(':')) return true;
    if (!after.is(',')) return false;
    while (after.is(',')) after = tokens.next();
    if (!after.is('@')) return false;
  }
}

// From the begin of one view into the value to the end of another.
std::string_view span(std::string_view first, std::string_view last) {
  return {first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data())};
}

// Reads the mailboxes of a list one after the other.
class ListReader {
 public:
  // Whether a local part alone is a mailbox; its domain is "", `text` the local part, and it is
  // `whole` without angle brackets.
  enum class Unqualified { Refuse, Take };
  explicit ListReader(std::string_view value, Unqualified unqualified = Unqualified::Refuse)
      : tokens_(value), unqualified_(unqualified) {}

  // Nothing: at_end(), or the list is not clear from here on.
  std::optional<Found> next();
  bool at_end() const { return at_end_; }

 private:
  std::optional<Mailbox> address(const std::vector<Token>& tokens) const;
  std::optional<Found> bare_address(const std::vector<Token>& words) const;
  std::optional<Found> name_address(const Token& open, const std::vector<Token>& name);
  std::optional<Mailbox> angle_address(Token& close, std::vector<Token>& tokens);
  bool end_mailbox(const Token& after);

  Tokenizer tokens_;
  Unqualified unqualified_;
  bool in_group_ = false;
  bool after_group_ = false;  // only a comma may follow
  bool at_end_ = false;
};

std::optional<Mailbox> ListReader::address(const std::vector<Token>& tokens) const {
  if (unqualified_ == Unqualified::Refuse || tokens.size() != 1) return addr_spec(tokens);
  auto local = local_part(tokens.front());
  if (!local || !ascii::is_ascii(*local)) return {};
  return Mailbox{std::move(*local), {}};
}

// A mailbox without angle brackets.
std::optional<Found> ListReader::bare_address(const std::vector<Token>& words) const {
  auto mailbox = address(words);
  if (!mailbox) return {};
  const bool alone = words.size() == 1;
  if (alone && words.front().kind != Token::Kind::Word) return {};  // a name in quotes
  return Found{std::move(*mailbox), span(words.front().text, words.back().text), alone};
}

// What follows the "<", which was taken already, up to and including the ">".
std::optional<Mailbox> ListReader::angle_address(Token& close, std::vector<Token>& tokens) {
  Token token = tokens_.next();
  if (token.is('@')) {
    if (!skip_route(tokens_)) return {};
    token = tokens_.next();
  }
  while (!token.is('>')) {
    if (token.kind == Token::Kind::End || token.kind == Token::Kind::Malformed) return {};
    if (tokens.size() == 3) return {};
    tokens.push_back(token);
    token = tokens_.next();
  }
  close = token;
  return address(tokens);
}

// Whether a mailbox may end before `after`, which is taken.
bool ListReader::end_mailbox(const Token& after) {
  if (after.is(',')) return true;
  if (in_group_ && after.is(';')) {
    in_group_ = false;
    after_group_ = true;
    return true;
  }
  at_end_ = !in_group_ && after.kind == Token::Kind::End;
  return at_end_;
}

// A mailbox with a display name; `name` holds the tokens before the "<".
std::optional<Found> ListReader::name_address(const Token& open, const std::vector<Token>& name) {
  Token close;
  std::vector<Token> address;
  auto mailbox = angle_address(close, address);
  const bool phrase = is_phrase(name);
  if (!mailbox || (!phrase && addr_spec(name) != mailbox)) return {};
  if (!end_mailbox(tokens_.next())) return {};
  if (mailbox->domain.empty()) return Found{std::move(*mailbox), address.front().text, false};
  if (phrase) {
    const char* const begin = open.text.data() + 1;
    const std::string_view inside(begin, static_cast<std::size_t>(close.text.data() - begin));
    return Found{std::move(*mailbox), inside, false};
  }
  return Found{std::move(*mailbox), span(name.front().text, close.text), true};
}

std::optional<Found> ListReader::next() {
  std::vector<Token> words;
  while (!at_end_) {
    const Token token = tokens_.next();
    if (token.kind == Token::Kind::Malformed) return {};
    if (token.kind == Token::Kind::End) {
      if (in_group_) return {};
      at_end_ = true;
      break;
    }
    if (after_group_ && !token.is(',')) return {};
    after_group_ = false;
    if (token.is('<')) return name_address(token, words);
    if (token.is(',') || (token.is(';') && in_group_)) {
      (void)end_mailbox(token);
      if (!words.empty()) return bare_address(words);
    } else if (token.is(':')) {
      if (in_group_ || words.empty() || !is_phrase(words)) return {};
      in_group_ = true;
      words.clear();
    } else {
      if (token.is(';') || token.is('>') || words.size() == kMaxTokens) return {};
      words.push_back(token);
    }
  }
  if (words.empty()) return {};
  auto last = bare_address(words);
  at_end_ = last.has_value();
  return last;
}

std::optional<Mailbox> first_mailbox(std::string_view value) {
  auto first = ListReader(value).next();
  if (!first) return {};
  return std::move(first->mailbox);
}

std::string address_of(const Mailbox& mailbox) { return mailbox.local_part + '@' + mailbox.domain; }

}  // namespace

std::optional<std::vector<ListedMailbox>> mailboxes(std::string_view address_list_value,
                                                    std::size_t most) {
  std::vector<ListedMailbox> all;
  ListReader list(address_list_value);
  while (const auto found = list.next()) {
    if (all.size() == most) return {};
    all.push_back({address_of(found->mailbox), found->text, found->whole});
  }
  if (!list.at_end()) return {};
  return all;
}

std::optional<std::string> with_domain(std::string_view address_list_value,
                                       std::string_view domain) {
  ListReader list(address_list_value, ListReader::Unqualified::Take);
  std::string done;
  std::size_t copied = 0;
  std::size_t count = 0;
  bool bare = false;
  while (const auto found = list.next()) {
    ++count;
    if (!found->mailbox.domain.empty()) continue;
    const auto end = static_cast<std::size_t>(found->text.data() + found->text.size() -
                                              address_list_value.data());
    done.append(address_list_value, copied, end - copied).append("@").append(domain);
    copied = end;
    bare = bare || found->whole;
  }
  // "Doe, John" are two words of one name.
  if (!list.at_end() || done.empty() || (bare && count > 1)) return {};
  return done.append(address_list_value, copied);
}

std::optional<std::string> first_domain(std::string_view address_list_value) {
  auto mailbox = first_mailbox(address_list_value);
  if (!mailbox || mailbox->domain.front() == '[') return {};
  return std::move(mailbox->domain);
}

std::optional<std::string> first_address(std::string_view address_list_value) {
  const auto mailbox = first_mailbox(address_list_value);
  if (!mailbox) return {};
  return address_of(*mailbox);
}

}  // namespace signpost::message
