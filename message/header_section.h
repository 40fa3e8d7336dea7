// The header section of a message (RFC 5322 section 2.2), as views into the content.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::message {

// One field. `raw` is all of it, folds and the final CRLF included; `name` is the text
// before the colon without blanks at its end; `value` is the text after the colon, folds kept,
// without the final CRLF.
struct HeaderField {
  std::string_view raw;
  std::string_view name;
  std::string_view value;

  bool is(std::string_view other_name) const;  // without regard to case
};

// Parsed once; the views point into the content, which must outlive it and stay where it is.
class HeaderSection {
 public:
  // Parses up to the blank line (or the end of `content`). A line that is neither a field nor a
  // fold ends the section before it: malformed() is then true and body() begins with that line.
  // REQUIRES: CRLF line ends (smtp/mail_data.h).
  static HeaderSection parse(std::string_view content);

  const std::vector<HeaderField>& fields() const { return fields_; }
  std::string_view body() const { return body_; }  // what follows the blank line
  std::string_view text() const { return text_; }  // the fields, without the blank line
  bool malformed() const { return malformed_; }

  std::size_t count(std::string_view name) const;
  const HeaderField* first(std::string_view name) const;

 private:
  std::vector<HeaderField> fields_;
  std::string_view text_;
  std::string_view body_;
  bool malformed_ = false;
};

// The value on one line: folds removed (RFC 5322 section 2.2.3), blanks at both ends too.
std::string unfold(std::string_view value);

// One mailbox of an address list (RFC 5322 section 3.4).
struct ListedMailbox {
  std::string address;    // "local@domain", the domain in lower case
  std::string_view text;  // the part of the value to replace in order to change the address
  bool whole = false;     // `text` is all of it, a display name that repeats the address included
};

// All mailboxes of the list in order, those of groups too. Nothing when any part of the list could
// be read in another way, or when there are more than `most`.
std::optional<std::vector<ListedMailbox>> mailboxes(std::string_view address_list_value,
                                                    std::size_t most);

// The list with "@domain" behind each address that has none, as programs write that only know mail
// within their host ("From: root (Cron Daemon)"). Nothing when none lacks it, or when it is not
// clear what is an address: one is in angle brackets, or all there is.
std::optional<std::string> with_domain(std::string_view address_list_value,
                                       std::string_view domain);

// The domain of the first mailbox in a From (or Sender) field, in lower case: display names,
// comments, quoted strings, groups and encoded words are skipped. Nothing if there is none.
std::optional<std::string> first_domain(std::string_view address_list_value);
// The address itself, as "local@domain".
std::optional<std::string> first_address(std::string_view address_list_value);

}  // namespace signpost::message
