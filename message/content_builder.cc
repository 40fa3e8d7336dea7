#include "message/content_builder.h"

#include "base/ascii.h"
#include "base/check.h"
#include "message/date_time.h"
#include "message/eight_bit.h"
#include "message/header_line.h"
#include "message/header_section.h"
#include "message/line_limit.h"
#include "message/recoding.h"
#include "message/report_text.h"
#include "message/single_fields.h"

#include <algorithm>
#include <vector>

namespace signpost::message {

namespace {

constexpr std::string_view kCrlf = "\r\n";

// SIZE= is only the client's claim: it may save copies, but must not make us reserve any amount.
constexpr std::size_t kMaxReserve = 32 << 20;
constexpr std::size_t kUsualHeader = 4 << 10;
constexpr std::size_t kAddedFields = 256;  // room for Date and Message-ID
constexpr std::size_t kMaxMessageId = 998;
constexpr std::size_t kShownText = 60;  // octets of the message in the text of a fault
constexpr std::size_t kShownScript = 200;
constexpr std::size_t kMostLinesBehind = 10;  // examined after a line that is not a field
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_empty(const HeaderField& field) { return ascii::trim(field.value).empty(); }

bool is_one_of(const HeaderField& field, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return field.is(name); });
}

// For the latter an empty field is as good as a missing one, and two would be one too many.
bool is_removed(const HeaderField& field) {
  return is_one_of(field, {"Bcc", "Resent-Bcc", "Return-Path"}) ||
         (is_empty(field) &&
          is_one_of(field, {"From", "Date", "Message-ID", "To", "Cc", "Reply-To", "Sender"}));
}

bool has_addresses(const HeaderField& field) {
  return is_one_of(field, {"From", "To", "Cc", "Reply-To", "Sender", "Resent-From", "Resent-To",
                           "Resent-Cc", "Resent-Sender"});
}

// Cheap: most addresses have a domain, and then it looks no further.
bool may_lack_domain(std::string_view value) {
  const auto at_signs = std::ranges::count(value, '@');
  return at_signs == 0 || at_signs < std::ranges::count(value, '<');
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

std::string shown(std::string_view text) { return '"' + clean_text(text, false, kShownText) + '"'; }

std::string number(std::size_t value) { return std::to_string(value); }

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// "http://…" begins a line of text more often than a field.
bool is_link(std::string_view line) { return line.substr(line.find(':') + 1).starts_with("//"); }

}  // namespace

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
  if (in_header_ && odd_line_) end_header_before_odd_line();
  if (in_header_) end_header();
  if (fault_) return;
  const bool ended = content_.size() == body_start_ || content_.ends_with(kCrlf);
  if (!ended && !fix_ups_.binary) content_ += kCrlf;
  recode();
}

std::string_view ContentBuilder::take_header(std::string_view piece) {
  while (in_header_ && !piece.empty()) {
    const std::size_t line_feed = piece.find('\n');
    const std::string_view segment =
        piece.substr(0, line_feed == std::string_view::npos ? line_feed : line_feed + 1);
    if (header_.size() + segment.size() > kMaxHeaderSize) {
      refuse(ContentFault::HeaderTooLong, "The header section of the message has more than " +
                                              number(kMaxHeaderSize) +
                                              " octets; send fewer or shorter fields");
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
  if (odd_line_) return look_behind_odd_line(line);
  switch (line_kind(line)) {
    case LineKind::Blank:
      header_.resize(line_start_);
      end_header();
      return;
    case LineKind::Field:
      ++fields_;
      break;
    case LineKind::Fold:
    case LineKind::Other:
      if (fields_ == 0) {
        if (!is_first_field(line)) return;
      } else if (line_kind(line) == LineKind::Other) {
        odd_line_ = line_start_;
      }
      break;
  }
  if (fields_ > kMaxHeaderFields) {
    refuse(ContentFault::HeaderTooLong, "The header section of the message has more than " +
                                            number(kMaxHeaderFields) + " fields; send fewer");
    return;
  }
  line_start_ = header_.size();
}

// What may precede the first field is dropped; false: anything else was refused.
bool ContentBuilder::is_first_field(std::string_view line) {
  if (!mbox_line_dropped_ && line.starts_with("From ")) {
    mbox_line_dropped_ = true;
    header_.clear();
    return true;
  }
  if (line.starts_with(kByteOrderMark) &&
      line_kind(line.substr(kByteOrderMark.size())) == LineKind::Field) {
    header_.erase(0, kByteOrderMark.size());
    ++fields_;
    return true;
  }
  refuse(ContentFault::MalformedHeader,
         "The message does not begin with a header field but with " + shown(line) +
             "; begin with fields such as \"From: name@example.com\", then a blank line");
  return false;
}

// A line that is not a field is the first of the body, whose blank line is missing; or it is torn
// off a field or misspelled. It is the latter when more fields follow. When the blank line that
// ends the section may be still to come, it is taken for text only where that does no harm: in
// front of parts or encoded content, or after a field that describes them, nothing could be read
// any more.
void ContentBuilder::look_behind_odd_line(std::string_view line) {
  const LineKind kind = line_kind(line);
  if (kind == LineKind::Field && !is_link(line)) return refuse_odd_line();
  if (kind == LineKind::Blank && body_needs_its_header()) return refuse_odd_line();
  line_start_ = header_.size();
  if (kind == LineKind::Blank || ++lines_behind_ == kMostLinesBehind) end_header_before_odd_line();
}

// Whether the body, by the fields before the odd line, is more than lines of text.
bool ContentBuilder::body_needs_its_header() const {
  const std::string before = header_.substr(0, *odd_line_);
  const HeaderSection section = HeaderSection::parse(before);
  const auto begins = [&](std::string_view name, std::string_view word) {
    const HeaderField* const field = section.first(name);
    return field != nullptr && ascii::starts_with_ignore_case(ascii::trim(field->value), word);
  };
  const bool after_description =
      !section.fields().empty() &&
      ascii::starts_with_ignore_case(section.fields().back().name, "Content-");
  const bool is_text = section.first("Content-Type") == nullptr || begins("Content-Type", "text/");
  return after_description || !is_text || begins("Content-Transfer-Encoding", "base64") ||
         begins("Content-Transfer-Encoding", "quoted-printable");
}

void ContentBuilder::refuse_odd_line() {
  const std::string_view before = std::string_view(header_).substr(0, *odd_line_);
  const std::string_view odd = std::string_view(header_).substr(*odd_line_);
  refuse(ContentFault::LineIsNoField,
         "Line " + number(count_lines(before) + 1 + (mbox_line_dropped_ ? 1 : 0)) +
             " of the header is not a field: " + shown(odd.substr(0, odd.find(kCrlf))) +
             "; write \"Name: value\" with a name of ASCII letters, begin a continued line with a "
             "blank, or put a blank line before the body");
}

void ContentBuilder::end_header_before_odd_line() {
  const std::string body = header_.substr(*odd_line_);
  header_.resize(*odd_line_);
  odd_line_.reset();
  end_header();
  if (!fault_) append_body(body);
}

bool ContentBuilder::refuse_section(const HeaderSection& section) {
  if (section.count("Received") > kMaxReceived) {
    refuse(ContentFault::TooManyReceived, "The message has " + number(section.count("Received")) +
                                              " Received fields, more than " +
                                              number(kMaxReceived) + ": it is in a loop");
  } else if (is_in_loop(section, fix_ups_.loop)) {
    refuse(ContentFault::ComesBack, "The message was here before: it is in a loop");
  } else if (fix_ups_.binary && has_bare_octet(section.text())) {
    refuse(ContentFault::BareOctet,
           "The header section of the message has a NUL, or a CR or LF by itself; end its lines "
           "with CRLF");
  } else {
    refuse_authors(section);
  }
  return fault_.has_value();
}

bool ContentBuilder::is_left_out(const HeaderField& field) const {
  return is_removed(field) || (fix_ups_.is_unwanted && fix_ups_.is_unwanted(field.name));
}

void ContentBuilder::refuse_authors(const HeaderSection& section) {
  std::vector<const HeaderField*> authors;
  for (const HeaderField& field : section.fields()) {
    if (field.is(kFrom)) authors.push_back(&field);
  }
  if (authors.size() > 1) {
    const bool any_empty =
        std::ranges::any_of(authors, [](const HeaderField* field) { return is_empty(*field); });
    refuse(ContentFault::SeveralFrom,
           "The message has " + number(authors.size()) + " From fields, " +
               shown(authors.front()->raw) + " and " + shown(authors.back()->raw) +
               (authors.size() > 2 ? " among them" : "") +
               (any_empty ? "; leave out what is empty" : "; write all authors in one"));
  } else if (!has_value(section, kFrom) && fix_ups_.from.empty()) {
    refuse(ContentFault::NoFrom, authors.empty()
                                     ? "The message has no From field; write one, as in "
                                       "\"From: name@example.com\""
                                     : "The From field of the message is empty; write the author "
                                       "into it, as in \"From: name@example.com\"");
  }
}

void ContentBuilder::end_header() {
  const HeaderSection section = HeaderSection::parse(header_);
  CHECK(!section.malformed() && section.body().empty());
  if (refuse_section(section)) return;
  in_header_ = false;
  if (write_header(section)) header_ = std::string();
}

bool ContentBuilder::write_header(const HeaderSection& section) {
  const SingleFields single(section);
  if (const auto& clash = single.clash()) {
    refuse(ContentFault::DoubledField, "The message has two " +
                                           clean_text(clash->first->name, false, kShownText) +
                                           " fields, " + shown(clash->first->raw) + " and " +
                                           shown(clash->other->raw) + "; send one of them");
    return false;
  }
  const std::size_t rest = std::max(header_.size(), std::min(expected_size_, kMaxReserve));
  content_.reserve(fix_ups_.received.size() + rest + kAddedFields);
  content_ += fix_ups_.received;
  for (const HeaderField& field : section.fields()) {
    if (field.is("X-PHP-Originating-Script")) {
      script_ = clean_text(unfold(field.value), false, kShownScript);
    }
    if (is_left_out(field)) continue;
    const std::string_view raw = single.instead_of(field).value_or(field.raw);
    if (raw.empty()) continue;
    if (!write_field(field, raw)) return false;
    if (message_id_.empty() && field.is("Message-ID")) {
      message_id_ = extract_message_id(field.value);
    }
  }
  if (from_address_.empty() && !has_value(section, kFrom)) {
    content_.append("From: <").append(fix_ups_.from).append(">").append(kCrlf);
    from_address_ = first_address(fix_ups_.from).value_or("");
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
  body_start_ = short_until_ = content_.size();

  const std::string_view domain =
      std::string_view(from_address_).substr(from_address_.rfind('@') + 1);
  if (!domain.starts_with('[')) from_domain_ = domain;
  return true;
}

// One field, repaired; `raw` is what it holds by now. False: it was refused, and the section is
// gone.
bool ContentBuilder::write_field(const HeaderField& field, std::string_view raw) {
  HeaderField now{raw, field.name, value_of(raw)};
  std::string changed;
  const auto change = [&](std::string field_now) {
    changed = std::move(field_now);
    now = {changed, std::string_view(changed).substr(0, field.name.size()), value_of(changed)};
  };
  if (raw[field.name.size()] != ':') {
    change(std::string(field.name).append(raw.substr(raw.find(':'))));
  }
  if (!fix_ups_.domain.empty() && has_addresses(field) && may_lack_domain(now.value)) {
    if (const auto value = with_domain(now.value, fix_ups_.domain)) {
      change(std::string(field.name).append(":").append(*value).append(kCrlf));
    }
  }
  if (const std::string_view author = author_field(field); !author.empty() && !is_empty(field)) {
    auto address = first_address(now.value);
    if (!address) {
      if (const auto clear = with_quoted_name(now.value, fix_ups_.compared)) {
        change(std::string(field.name).append(": ").append(*clear).append(kCrlf));
        address = first_address(now.value);
      }
    }
    if (std::string own = own_addresses(now, author); !own.empty()) {
      change(std::move(own));
      address = first_address(now.value);
    }
    if (author == kFrom) {
      from_address_ = address.value_or("");
      if (!address) unclear_from_ = clean_text(now.value, false, kShownText);
    }
  }
  if (now.raw.size() <= kMaxLine || !find_overlong_line(now.raw)) {
    content_ += now.raw;
    return true;
  }
  const auto folded = fold_overlong_lines(now.raw);
  if (folded) {
    content_ += *folded;
  } else {
    refuse(ContentFault::FieldTooLong,
           "A line of the " + clean_text(field.name, false, kShownText) + " field has " +
               number(find_overlong_line(now.raw)->size) + " octets, more than " +
               number(kMaxLine) + ", and no blank to fold it at: " + shown(now.raw) +
               "; shorten it, or fold it before a blank");
  }
  return folded.has_value();
}

// The field with its forbidden addresses replaced; "" when it stays as it is. An empty
// field names nobody.
std::string ContentBuilder::own_addresses(const HeaderField& field, std::string_view name) {
  if (!fix_ups_.may_be_from || is_empty(field)) return {};
  const auto listed = mailboxes(field.value, kMaxAuthors - authors_);
  const bool clear = listed && !listed->empty();
  if (clear) authors_ += listed->size();
  const auto foreign = [&](const std::string& address) {
    if (!foreign_) foreign_ = {name, address, clean_text(field.value, false, kShownText)};
    return std::string();
  };
  const std::string_view before = field.raw.substr(0, field.raw.find(':') + 1);
  if (!clear) {
    if (fix_ups_.may_be_from("")) return {};
    if (fix_ups_.instead.empty()) return foreign("");
    return std::string(before).append(" <").append(fix_ups_.instead).append(">").append(kCrlf);
  }
  std::string changed;
  std::size_t copied = 0;  // octets of the field
  for (const ListedMailbox& mailbox : *listed) {
    if (fix_ups_.may_be_from(mailbox.address)) continue;
    if (fix_ups_.instead.empty()) return foreign(mailbox.address);
    const auto begin = static_cast<std::size_t>(mailbox.text.data() - field.raw.data());
    changed.append(field.raw, copied, begin - copied);
    changed += mailbox.whole ? "<" + fix_ups_.instead + ">" : fix_ups_.instead;
    copied = begin + mailbox.text.size();
  }
  if (!changed.empty()) changed.append(field.raw, copied);
  return changed;
}

void ContentBuilder::append_body(std::string_view piece) {
  eight_bit_ = eight_bit_ || message::has_eight_bit(piece);
  content_ += piece;
  short_until_ = skip_short_lines(content_, short_until_);
}

// Nearly all mail has short lines and keeps its content as it is.
void ContentBuilder::recode() {
  if (!fix_ups_.binary && !find_overlong_line(std::string_view(content_).substr(short_until_))) {
    return;
  }
  auto lines = recoded(content_, Transport::EightBit);
  if (lines) {
    content_ = std::move(*lines);
    eight_bit_ = message::has_eight_bit(content_);
    return;
  }
  const auto [line, why] = lines.error();
  const std::string_view before =
      std::string_view(content_).substr(body_start_, line.start - body_start_);
  if (line.size <= kMaxLine) {
    return refuse(ContentFault::BareOctet,
                  "Line " + number(count_lines(before) + 1) +
                      " of the body has a NUL, or a CR or LF by itself, and is " +
                      std::string(why) + "; send the part as base64");
  }
  refuse(ContentFault::LineTooLong,
         "Line " + number(count_lines(before) + 1) + " of the body has " + number(line.size) +
             " octets, more than " + number(kMaxLine) + ", and is " + std::string(why) + ": " +
             shown(std::string_view(content_).substr(line.start, line.size)) +
             "; send shorter lines, or the part as base64");
}

// What still arrives is dropped: a refused message must not hold memory.
void ContentBuilder::refuse(ContentFault fault, std::string text) {
  fault_ = fault;
  fault_text_ = std::move(text);
  in_header_ = false;
  odd_line_.reset();
  header_ = std::string();
  content_ = std::string();
  line_start_ = 0;
}

}  // namespace signpost::message
