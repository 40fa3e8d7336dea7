// How operators select addresses or logins: "*" stands for any characters, or none.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace signpost::queue {

// Whether `text` is what `pattern` says, in any case.
bool matches_pattern(std::string_view pattern, std::string_view text);

// A domain with all its mailboxes ("example.net", "@example.net", "*@example.net", "*.example.net",
// "yahoo.*", "*"), or mailboxes ("orders@shop.example", "bounce-*@*.example.net"). Compared as the
// relay compares addresses: in any case, domains in A-labels, and a quoted local part is the one
// without quotes; in quotes "*" is itself.
class AddressPattern {
 public:
  // InvalidArgument, with a reason, for what cannot match, and for what would select more than it
  // says: a part that is empty, as from a shell variable that is not set, or made of characters
  // that mean nothing. A label with "*" is in ASCII, since the compared form must be known.
  static Result<AddressPattern> parse(std::string_view text);

  // Else it selects all mailboxes of its domains.
  bool names_mailbox() const { return local_part_.has_value(); }
  bool matches_domain(std::string_view domain) const;
  bool matches(std::string_view mailbox) const;  // in the form of Mailbox::text()
  // Text that the domain of each match contains, however it was stored; "" if unknown.
  std::string_view fixed_part() const;

 private:
  bool matches_local_part(std::string_view local_part) const;

  std::optional<std::string> local_part_;
  bool quoted_ = false;  // the local part, which then has no wildcards
  std::string domain_;   // lower case, A-labels
};

// "shop", "shop-*", "*@shop.example"; "@shop.example" means the last. Compared octet by octet, as
// logins are.
class LoginPattern {
 public:
  static Result<LoginPattern> parse(std::string_view text);  // InvalidArgument as above
  // No pattern matches mail without a login.
  bool matches(std::string_view login) const;
  std::string_view fixed_part() const;  // text that each match contains

 private:
  std::string text_;
};

}  // namespace signpost::queue
