// A login that may submit, as users.toml has it.
#pragma once

#include "config/config.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signpost::auth {

// What happens to an address that the login may not use, as reverse-path or in From:, Sender: or
// Resent-From:.
enum class Otherwise : std::uint8_t {
  Reject,
  Rewrite,  // replaced by the first of the senders, which is an address
};

struct User {
  std::string name;
  std::string password{};  // "{ARGON2ID}$argon2id$…", "{SHA512-CRYPT}$6$…"; "": none
  // "@domain", "@*.domain", "@*" or addresses in lower case, as written; empty, and no file of
  // them: by the tenant.
  std::vector<std::string> senders{};
  std::string senders_file{};                 // "": none
  std::vector<std::string> listed_senders{};  // of that file, sorted
  std::string tenant{};                       // name of a [[tenant]]; "": none
  Otherwise otherwise = Otherwise::Reject;
  std::string scram{};  // "{SCRAM-SHA-256}65536,…", of the same password; "": no SCRAM
  // Recipients; nothing: as for other logins of the tenant, or of the relay.
  std::optional<config::Rate> rate{};
  std::optional<std::uint64_t> daily{};
  std::optional<std::size_t> recipients_per_message{};

  bool has_senders() const { return !senders.empty() || !senders_file.empty(); }

  bool operator==(const User&) const = default;
};

}  // namespace signpost::auth
