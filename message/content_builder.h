// Collects a submitted message's content and repairs it before it is stored (RFC 6409 section 8):
// every change that Signpost makes to a message happens here, so that the signature made later
// covers the bytes that are sent.
//
//   - our Received field on top;
//   - the client's own fields in their order and byte for byte, without Bcc and Resent-Bcc (RFC
//     5322 section 3.6.3), without Return-Path, which only final delivery may write, and without
//     those that the configuration names;
//   - fields that may be there once are (single_fields.h), or the message is refused; empty To, Cc,
//     Reply-To and Sender, which no grammar allows, are left out;
//   - addresses without a domain get the sender's;
//   - Date and Message-ID at the end of the section when they are missing or empty, so that the
//     trace fields on top stay together;
//   - addresses in From, Sender, Resent-From and Resent-Sender that the sender may not use are
//     replaced, if configured;
//   - blanks between a field's name and its colon are removed, since signatures over them do not
//     verify everywhere; a name in From: and the like that needs quotes gets them (author_name.h);
//   - no line has more than kMaxLine octets: fields are folded, parts of the body encoded
//     (recoding.h), as are those of a binary message that hold a NUL or a CR or LF by itself;
//   - a header section without its blank line gets one before the first line that is not a field,
//     unless more fields follow within a few lines, or a blank line where the body is not plain
//     text: then that line is torn or misspelled, and the message is refused; a "From " line of an
//     mbox and a byte order mark on top are dropped; content that does not begin with a header
//     field is refused;
//   - a last line without CRLF gets one.
//
// The body is appended as it arrives and, unless it is binary or has an over-long line, left alone.
#pragma once

#include "base/byte_sink.h"
#include "base/clock.h"
#include "message/author_name.h"
#include "message/mail_loop.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::message {

class HeaderSection;
struct HeaderField;

struct FixUps {
  std::string received;    // the whole field, CRLF included
  std::string message_id;  // "<id@host>": used when the field is missing
  SystemTime now;          // Date when missing
  LoopFacts loop{};
  // Whether the message may say that it is from "local@domain"; "" stands for a field that is not
  // clear. Null: any address is allowed.
  std::function<bool(std::string_view address)> may_be_from{};
  std::string instead{};    // replaces an address that is not allowed; "": none does, see foreign()
  ComparedForm compared{};  // of addresses: whether a display name is the address beside it
  bool binary = false;      // BODY=BINARYMIME (RFC 3030 section 3): any octets may arrive
  std::string from{};       // From:'s address when the field is missing; "": that is a fault
  std::string domain{};     // of addresses without one; "": they stay as they are
  std::function<bool(std::string_view name)> is_unwanted{};  // fields to leave out; may be null
};

// An address that the message may not say it is from.
struct ForeignAddress {
  std::string_view field;  // "From", "Sender", ...
  std::string address;     // "" when the field is not clear
  std::string text;        // of the field, its beginning, in printable ASCII
};

// Why a message is refused.
enum class ContentFault {
  NoFrom,           // 550 5.6.0: no From field, or an empty one
  SeveralFrom,      // 550 5.6.0: RFC 5322 allows one; signing one of two is
                    // not safe
  DoubledField,     // 550 5.6.0: another field that it allows once, with two values
  MalformedHeader,  // 550 5.6.0: the first line is not a header field
  LineIsNoField,    // 550 5.6.0: a later line of the section is not one
  FieldTooLong,     // 550 5.6.0: an over-long line in a field that cannot be folded
  LineTooLong,      // 550 5.6.0: one in the body, in a part that cannot be encoded
  BareOctet,        // 554 5.6.3: a NUL, or a CR or LF by itself, in such a part or in the header
  HeaderTooLong,    // 552 5.3.4: more than the limit of octets or fields
  TooManyReceived,  // 554 5.4.6: a mail loop (RFC 5321 section 6.3)
  ComesBack,        // 554 5.4.6: see is_in_loop()
};

// Belongs to one session. Give it the decoded content through append(), then finish().
class ContentBuilder final : public ByteSink {
 public:
  static constexpr std::size_t kMaxHeaderSize = 1 << 20;
  static constexpr std::size_t kMaxHeaderFields = 10'000;
  static constexpr std::size_t kMaxReceived = 100;
  static constexpr std::size_t kMaxAuthors = 1000;  // mailboxes in From and its like

  explicit ContentBuilder(FixUps fix_ups, std::size_t expected_size = 0);

  void append(std::string_view piece) override;

  // Ends the content. Afterwards take() hands the bytes over, or fault() says why not.
  void finish();
  std::optional<ContentFault> fault() const { return fault_; }
  // For the reply: what is wrong, the offending text, the correct form. Printable ASCII
  // of a few hundred octets.
  const std::string& fault_text() const { return fault_text_; }
  std::string take() { return std::move(content_); }

  // Octets held, for admission.
  std::size_t size() const { return content_.size() + header_.size(); }
  // Facts about the finished content, our own fields included.
  bool has_eight_bit() const { return eight_bit_; }  // octets above 127 anywhere
  bool header_has_eight_bit() const { return header_eight_bit_; }
  // From:'s domain in lower case. Empty when From does not clearly name a mailbox (see
  // first_domain()), which is not a fault here: what to do about it is the relay's policy.
  const std::string& from_domain() const { return from_domain_; }
  const std::string& from_address() const { return from_address_; }
  // The text of a From: that does not clearly name a mailbox, cut and printable; "" otherwise.
  const std::string& unclear_from() const { return unclear_from_; }
  // The first address that FixUps do not allow, unless all of them were replaced.
  const std::optional<ForeignAddress>& foreign() const { return foreign_; }
  // "<id@host>" as it is in the content; whatever a client wrote without angle brackets otherwise.
  const std::string& message_id() const { return message_id_; }
  // The web script that sent it, as PHP says in X-PHP-Originating-Script ("33:contact.php"),
  // whether or not the field is left out; printable, "" without one.
  const std::string& script() const { return script_; }

 private:
  std::string_view take_header(std::string_view piece);  // returns what is body
  void end_line();
  bool is_first_field(std::string_view line);
  void look_behind_odd_line(std::string_view line);
  bool body_needs_its_header() const;
  void refuse_odd_line();
  void end_header_before_odd_line();
  void end_header();
  bool refuse_section(const HeaderSection& section);
  void refuse_authors(const HeaderSection& section);
  bool write_header(const HeaderSection& section);
  bool is_left_out(const HeaderField& field) const;
  bool write_field(const HeaderField& field, std::string_view raw);
  std::string own_addresses(const HeaderField& field, std::string_view name);
  void append_body(std::string_view piece);
  void recode();
  void refuse(ContentFault fault, std::string text);

  FixUps fix_ups_;
  std::size_t expected_size_;
  std::string header_;          // what has arrived of the header section; empty once it is written
  std::size_t line_start_ = 0;  // in header_: the line that has not ended
  std::size_t fields_ = 0;
  bool in_header_ = true;
  bool mbox_line_dropped_ = false;
  std::optional<std::size_t> odd_line_;  // in header_: the first line that is not a field
  std::size_t lines_behind_ = 0;         // how many follow it
  bool finished_ = false;
  std::string content_;
  std::size_t body_start_ = 0;   // in content_
  std::size_t short_until_ = 0;  // in content_: no line of the body before it is overlong
  std::optional<ContentFault> fault_;
  std::string fault_text_;
  bool eight_bit_ = false;
  bool header_eight_bit_ = false;
  std::string from_domain_;
  std::string from_address_;
  std::string unclear_from_;
  std::string message_id_;
  std::string script_;
  std::optional<ForeignAddress> foreign_;
  std::size_t authors_ = 0;  // mailboxes examined so far
};

}  // namespace signpost::message
