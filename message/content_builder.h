// Collects a submitted message's content and mends it before it is stored (RFC 6409 section 8):
// everything that Signpost ever changes in a message happens here, so that the signature made later
// covers the bytes that are sent.
//
//   - our Received field on top;
//   - Date and Message-ID when missing;
//   - Bcc fields removed (Resent-Bcc too); Return-Path of a client removed;
//   - a header section without its blank line gets one; a first line that is no field ("From "
//     of an mbox) is dropped if it is that, otherwise the message is refused.
//
// The body is appended as it comes and never touched.
#pragma once

#include "base/byte_sink.h"
#include "base/clock.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::message {

struct FixUps {
  std::string received;    // the whole field, CRLF included
  std::string message_id;  // "<id@host>": used when the field is missing
  SystemTime now;          // Date when missing
};

// Why a message cannot be taken as it is.
enum class ContentFault {
  NoFrom,            // 550 5.6.0: neither From nor a way to make one
  SeveralFrom,       // 550 5.6.0: RFC 5322 allows one; signing one of two is not safe
  MalformedHeader,   // 550 5.6.0: the first line is no header field
  HeaderTooLong,     // 552 5.3.4: more than the limit of octets or fields
  TooManyReceived,   // 554 5.4.6: a mail loop (RFC 5321 section 6.3)
};
std::string_view fault_text(ContentFault fault);  // for the reply: plain and short

// Belongs to one session. Give it the decoded content through append(), then finish().
class ContentBuilder final : public ByteSink {
 public:
  static constexpr std::size_t kMaxHeaderSize = 1 << 20;
  static constexpr std::size_t kMaxHeaderFields = 10'000;
  static constexpr std::size_t kMaxReceived = 100;

  explicit ContentBuilder(FixUps fix_ups, std::size_t expected_size = 0);

  void append(std::string_view piece) override;

  // Ends the content. After it take() hands the bytes over, or fault() says why not.
  void finish();
  std::optional<ContentFault> fault() const { return fault_; }
  std::string take() { return std::move(content_); }

  std::size_t size() const { return content_.size(); }  // memory held, for admission
  // Facts about the finished content.
  bool has_eight_bit() const { return eight_bit_; }         // octets above 127 anywhere
  bool header_has_eight_bit() const { return header_eight_bit_; }
  const std::string& from_domain() const { return from_domain_; }  // of From:, lower case
  const std::string& from_address() const { return from_address_; }
  const std::string& message_id() const { return message_id_; }

 private:
  // (Private members are the implementer's to shape.)
  FixUps fix_ups_;
  std::string content_;
  std::optional<ContentFault> fault_;
  bool eight_bit_ = false;
  bool header_eight_bit_ = false;
  std::string from_domain_;
  std::string from_address_;
  std::string message_id_;
};

}  // namespace signpost::message
