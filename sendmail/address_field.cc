#include "sendmail/address_field.h"

#include "base/ascii.h"
#include "message/author_name.h"
#include "message/header_section.h"

#include <algorithm>
#include <optional>

namespace signpost::sendmail {

namespace {

constexpr std::size_t kMost = 10'000;   // mailboxes in a field
constexpr std::size_t kMostOfItem = 4;  // that one item may seem to have

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_account_char(char c) { return ascii::is_alnum(c) || std::string_view("._-+=").contains(c); }

// Cuts a value at the commas, colons and semicolons outside of quotes, comments, brackets and
// encoded words.
class Items {
 public:
  explicit Items(std::string_view value) : value_(value) {}

  // The next item without its separator; nothing at the end. A group's name is skipped unless an
  // "@" in it makes it something else.
  std::optional<std::string_view> next() {
    std::size_t begin = at_;
    int angle = 0;
    while (at_ < value_.size()) {
      const char c = value_[at_];
      if (c == '"')
        skip_to('"');
      else if (c == '[')
        skip_to(']');
      else if (c == '(')
        skip_comment();
      else if (c == '<')
        ++angle;
      else if (c == '>')
        angle = 0;
      else if (angle == 0 && c == ':' && !value_.substr(begin, at_ - begin).contains('@'))
        begin = at_ + 1;
      else if (angle == 0 && (c == ',' || c == ';'))
        return value_.substr(begin, at_++ - begin);
      ++at_;
    }
    at_ = std::min(at_, value_.size());
    if (begin >= value_.size()) return {};
    return value_.substr(begin);
  }

 private:
  // To the closing character; to the end if there is none.
  void skip_to(char close) {
    for (++at_; at_ < value_.size() && value_[at_] != close; ++at_) {
      if (value_[at_] == '\\') ++at_;
    }
  }
  void skip_comment() {
    std::size_t depth = 0;
    for (; at_ < value_.size(); ++at_) {
      if (value_[at_] == '\\')
        ++at_;
      else if (value_[at_] == '(')
        ++depth;
      else if (value_[at_] == ')' && --depth == 0)
        return;
    }
  }

  std::string_view value_;
  std::size_t at_ = 0;
};

// What is left of "name <root>" or "root (Cron Daemon)" is "root": the account, if the item names
// no more than that.
std::optional<std::string_view> account_in(std::string_view item) {
  std::string_view text = item;
  if (const std::size_t open = item.rfind('<'); open != std::string_view::npos) {
    const std::size_t close = item.find('>', open);
    if (close == std::string_view::npos) return {};
    if (!std::ranges::all_of(item.substr(close + 1), is_blank)) return {};
    text = item.substr(open + 1, close - open - 1);
  } else if (const std::size_t comment = item.find('('); comment != std::string_view::npos) {
    const std::size_t end = item.find_last_not_of(" \t\r\n");
    if (item[end] != ')') return {};
    text = item.substr(0, comment);
  }
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.empty() || !std::ranges::all_of(text, is_account_char)) return {};
  return text;
}

// One mailbox with a domain, whether its display name is a phrase of RFC 5322 or not; but a name
// with an "@" may be another mailbox.
std::optional<std::string> mailbox_in(std::string_view item) {
  auto found = message::mailboxes(item, kMostOfItem);
  if (!found && !item.substr(0, item.rfind('<')).contains('@')) {
    const auto quoted = message::with_quoted_name(item);
    if (quoted) found = message::mailboxes(*quoted, kMostOfItem);
  }
  if (!found || found->size() != 1) return {};
  return std::move(found->front().address);
}

}  // namespace

std::expected<std::vector<FieldAddress>, std::string> addresses_in(std::string_view value) {
  std::vector<FieldAddress> all;
  if (auto mailboxes = message::mailboxes(value, kMost)) {
    for (message::ListedMailbox& each : *mailboxes) {
      all.push_back({std::move(each.address), 0, true});
    }
    return all;
  }
  Items items(value);
  while (const auto item = items.next()) {
    if (std::ranges::all_of(*item, is_blank)) continue;
    if (auto mailbox = mailbox_in(*item)) {
      all.push_back({std::move(*mailbox), 0, true});
    } else if (const auto account = account_in(*item)) {
      const auto end = static_cast<std::size_t>(account->data() + account->size() - value.data());
      all.push_back({std::string(*account), end, false});
    } else {
      return std::unexpected(ascii::printable(message::unfold(*item), 200));
    }
  }
  return all;
}

}  // namespace signpost::sendmail
