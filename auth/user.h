// A login that may submit, as users.toml has it.
#pragma once

#include "config/config.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

// What happens to an address that the login may not use, as reverse-path or in From:, Sender: or
// Resent-From:.
enum class Otherwise : std::uint8_t {
  Reject,
  Rewrite,  // replaced by the first of the senders, which is an address
};

// What a login sends: of what its owner has waiting for a receiver, transactional mail goes first
// and bulk mail last.
enum class MailClass : std::uint8_t { Usual, Transactional, Bulk };

// As users.toml has it; "" of the usual one.
constexpr std::string_view name_of(MailClass mail_class) {
  if (mail_class == MailClass::Transactional) return "transactional";
  return mail_class == MailClass::Bulk ? "bulk" : "";
}
// Nothing: there is no such class that has a name.
constexpr std::optional<MailClass> mail_class_named(std::string_view name) {
  if (name == name_of(MailClass::Transactional)) return MailClass::Transactional;
  if (name == name_of(MailClass::Bulk)) return MailClass::Bulk;
  return std::nullopt;
}

struct User {
  std::string name;
  std::string password{};  // "{ARGON2ID}$argon2id$…", "{SHA512-CRYPT}$6$…"; "": none
  // "@domain", "@*.domain", "@*" or addresses in lower case, as written; empty, and no file of
  // them: by the tenant.
  std::vector<std::string> senders{};
  std::string senders_file{};                 // "": none
  std::vector<std::string> listed_senders{};  // of that file, sorted
  std::string tenant{};                       // name of a [[tenant]]; "": none
  MailClass mail_class = MailClass::Usual;
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
