#include "message/content_builder.h"

#include "base/ascii.h"
#include "base/check.h"
#include "message/date_time.h"
#include "message/eight_bit.h"
#include "message/header_line.h"
#include "message/header_section.h"

#include <algorithm>

namespace signpost::message {

namespace {

constexpr std::string_view kCrlf = "\r\n";

// SIZE= is only the client's claim: it may save copies, but must not make us reserve any amount.
constexpr std::size_t kMaxReserve = 32 << 20;
constexpr std::size_t kUsualHeader = 4 << 10;
constexpr std::size_t kAddedFields = 256;  // room for Date and Message-ID
constexpr std::size_t kMaxMessageId = 998;

bool is_empty(const HeaderField& field) { return ascii::trim(field.value).empty(); }

// An empty Date or Message-ID is as good as a missing one, and two would be one too many.
bool is_removed(const HeaderField& field) {
  if (field.is("Bcc") || field.is("Resent-Bcc") || field.is("Return-Path")) return true;
  return (field.is("Date") || field.is("Message-ID")) && is_empty(field);
}

bool has_value(const HeaderSection& section, std::string_view name) {
  return std::ranges::any_of(section.fields(), [&](const HeaderField& field) {
    return field.is(name) && !is_empty(field);
  });
}

std::string extract_message_id(std::string_view value) {
  const std::string line = unfold(value);
  std::string_view id = line;
  const std::size_t open = id.find('<');
  if (open != std::string_view::npos) {
    const std::size_t close = id.find('>', open);
    if (close != std::string_view::npos) id = id.substr(open, close - open + 1);
  }
  return std::string(id.substr(0, kMaxMessageId));
}

constexpr std::string_view kFrom = "From";

// The name of a field that says who a message is from; "" for any other.
std::string_view author_field(const HeaderField& field) {
  for (const std::string_view name :
       {kFrom, std::string_view("Sender"), std::string_view("Resent-From"),
        std::string_view("Resent-Sender")}) {
    if (field.is(name)) return name;
  }
  return {};
}

// Of a whole field, CRLF included.
std::string_view value_of(std::string_view raw) {
  raw.remove_prefix(raw.find(':') + 1);
  raw.remove_suffix(kCrlf.size());
  return raw;
}

std::optional<ContentFault> find_fault(const HeaderSection& section, const LoopFacts& loop) {
  if (section.count("Received") > ContentBuilder::kMaxReceived) {
    return ContentFault::TooManyReceived;
  }
  if (is_in_loop(section, loop)) return ContentFault::ComesBack;
  const std::size_t from = section.count("From");
  if (from > 1) return ContentFault::SeveralFrom;
  if (from == 0 || !has_value(section, "From")) return ContentFault::NoFrom;
  return {};
}

}  // namespace

std::string_view fault_text(ContentFault fault) {
  switch (fault) {
    case ContentFault::NoFrom:
      return "The message has no From field";
    case ContentFault::SeveralFrom:
      return "The message has more than one From field";
    case ContentFault::MalformedHeader:
      return "The message does not begin with a header field";
    case ContentFault::HeaderTooLong:
      return "The header section of the message is too long";
    case ContentFault::TooManyReceived:
      return "Too many Received fields: the message is in a loop";
    case ContentFault::ComesBack:
      return "The message was here before: it is in a loop";
  }
  return "The message cannot be accepted";
}

ContentBuilder::ContentBuilder(FixUps fix_ups, std::size_t expected_size)
    : fix_ups_(std::move(fix_ups)), expected_size_(expected_size) {
  header_.reserve(kUsualHeader);
}

void ContentBuilder::append(std::string_view piece) {
  if (in_header_) piece = take_header(piece);
  if (!fault_) append_body(piece);
}

void ContentBuilder::finish() {
  if (std::exchange(finished_, true)) return;
  if (in_header_ && header_.size() > line_start_) append(kCrlf);
  if (in_header_) end_header();
  if (fault_) return;
  if (content_.size() > body_start_ && !content_.ends_with(kCrlf)) content_ += kCrlf;
}

std::string_view ContentBuilder::take_header(std::string_view piece) {
  while (in_header_ && !piece.empty()) {
    const std::size_t line_feed = piece.find('\n');
    const std::string_view segment =
        piece.substr(0, line_feed == std::string_view::npos ? line_feed : line_feed + 1);
    if (header_.size() + segment.size() > kMaxHeaderSize) {
      refuse(ContentFault::HeaderTooLong);
      return {};
    }
    header_ += segment;
    piece.remove_prefix(segment.size());
    if (line_feed != std::string_view::npos && header_.ends_with(kCrlf)) end_line();
  }
  return piece;
}

void ContentBuilder::end_line() {
  const std::string_view line =
      std::string_view(header_).substr(line_start_, header_.size() - line_start_ - kCrlf.size());
  switch (line_kind(line)) {
    case LineKind::Blank:
      header_.resize(line_start_);
      end_header();
      return;
    case LineKind::Field:
      if (++fields_ > kMaxHeaderFields) refuse(ContentFault::HeaderTooLong);
      break;
    case LineKind::Fold:
      if (fields_ == 0) refuse(ContentFault::MalformedHeader);
      break;
    case LineKind::Other:
      if (fields_ > 0) {
        const std::string body_line = header_.substr(line_start_);
        header_.resize(line_start_);
        end_header();
        if (!fault_) append_body(body_line);
        return;
      }
      if (mbox_line_dropped_ || !line.starts_with("From ")) {
        refuse(ContentFault::MalformedHeader);
        return;
      }
      mbox_line_dropped_ = true;
      header_.clear();
      break;
  }
  line_start_ = header_.size();
}

void ContentBuilder::end_header() {
  const HeaderSection section = HeaderSection::parse(header_);
  CHECK(!section.malformed() && section.body().empty());
  if (const auto fault = find_fault(section, fix_ups_.loop)) {
    refuse(*fault);
    return;
  }
  in_header_ = false;
  write_header(section);
  header_ = std::string();
}

void ContentBuilder::write_header(const HeaderSection& section) {
  const std::size_t rest = std::max(header_.size(), std::min(expected_size_, kMaxReserve));
  content_.reserve(fix_ups_.received.size() + rest + kAddedFields);
  content_ += fix_ups_.received;
  std::string from;
  for (const HeaderField& field : section.fields()) {
    if (is_removed(field)) continue;
    const std::string_view author = author_field(field);
    const std::string changed = author.empty() ? "" : own_addresses(field, author);
    content_ += changed.empty() ? field.raw : changed;
    if (author == kFrom) from = changed.empty() ? field.value : value_of(changed);
    if (message_id_.empty() && field.is("Message-ID")) {
      message_id_ = extract_message_id(field.value);
    }
  }
  if (!has_value(section, "Date")) {
    content_.append("Date: ").append(date_time(fix_ups_.now)).append(kCrlf);
  }
  if (message_id_.empty()) {
    message_id_ = fix_ups_.message_id;
    content_.append("Message-ID: ").append(message_id_).append(kCrlf);
  }
  eight_bit_ = header_eight_bit_ = message::has_eight_bit(content_);
  content_ += kCrlf;
  body_start_ = content_.size();

  from_domain_ = first_domain(from).value_or("");
  from_address_ = first_address(from).value_or("");
}

// The field with the addresses that it may not have replaced; "" when it stays as it is. An empty
// field names nobody.
std::string ContentBuilder::own_addresses(const HeaderField& field, std::string_view name) {
  if (!fix_ups_.may_be_from || is_empty(field)) return {};
  const auto listed = mailboxes(field.value, kMaxAuthors - authors_);
  const bool clear = listed && !listed->empty();
  if (clear) authors_ += listed->size();
  const auto foreign = [&](const std::string& address) {
    if (!foreign_) foreign_ = {name, address};
    return std::string();
  };
  const std::string_view before = field.raw.substr(0, field.raw.find(':') + 1);
  if (!clear) {
    if (fix_ups_.may_be_from("")) return {};
    if (fix_ups_.instead.empty()) return foreign("");
    return std::string(before).append(" <").append(fix_ups_.instead).append(">").append(kCrlf);
  }
  std::string changed;
  const char* copied = field.raw.data();
  for (const ListedMailbox& mailbox : *listed) {
    if (fix_ups_.may_be_from(mailbox.address)) continue;
    if (fix_ups_.instead.empty()) return foreign(mailbox.address);
    changed.append(copied, mailbox.text.data());
    changed += mailbox.whole ? "<" + fix_ups_.instead + ">" : fix_ups_.instead;
    copied = mailbox.text.data() + mailbox.text.size();
  }
  if (!changed.empty()) changed.append(copied, field.raw.data() + field.raw.size());
  return changed;
}

void ContentBuilder::append_body(std::string_view piece) {
  eight_bit_ = eight_bit_ || message::has_eight_bit(piece);
  content_ += piece;
}

// What still arrives is dropped: a refused message must not hold memory.
void ContentBuilder::refuse(ContentFault fault) {
  fault_ = fault;
  in_header_ = false;
  header_ = std::string();
  line_start_ = 0;
}

}  // namespace signpost::message
