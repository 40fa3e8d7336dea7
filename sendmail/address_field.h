// The addresses of a header field such as To:, for a program that may name accounts alone.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::sendmail {

// "local@domain" as SMTP has it, or an account alone.
struct FieldAddress {
  std::string address;
  std::size_t end = 0;     // in the value: where a domain would be added
  bool qualified = false;  // it has one
};

// Every address of the value in order, those of groups too; an error is the part that is not clear.
// Lists may have empty items and be folded; comments and display names are skipped. Pure.
std::expected<std::vector<FieldAddress>, std::string> addresses_in(std::string_view value);

}  // namespace signpost::sendmail
