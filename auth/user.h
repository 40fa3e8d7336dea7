// A login that may submit, as users.toml has it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace signpost::auth {

// What happens to an address in From:, Sender: or Resent-From: that the login may not use.
enum class Otherwise : std::uint8_t {
  Reject,
  Rewrite,  // replaced by the first of the senders, which is an address
};

struct User {
  std::string name;
  std::string password{};              // "{ARGON2ID}$argon2id$…", "{SHA512-CRYPT}$6$…"; "": none
  std::vector<std::string> senders{};  // "@domain" or addresses in lower case; empty: by the tenant
  std::string tenant{};                // name of a [[tenant]]; "": none
  Otherwise otherwise = Otherwise::Reject;
  std::string scram{};  // "{SCRAM-SHA-256}65536,…", of the same password; "": no SCRAM

  bool operator==(const User&) const = default;
};

}  // namespace signpost::auth
