// The stored forms of passwords, under Dovecot's names in any case, or under none: argon2id
// (libsodium), of crypt(3) SHA512-CRYPT, SHA256-CRYPT, BLF-CRYPT, yescrypt, scrypt and sha1crypt,
// and SCRAM-SHA-256.
#pragma once

#include "auth/user.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::auth {

// What is wrong with a stored form, without showing it; nothing if passwords can be checked against
// it at an acceptable cost: a line that asks for gigabytes or minutes would take the relay down
// with one login.
std::optional<std::string> password_hash_problem(std::string_view stored);

// A new "{ARGON2ID}…" for `password`, prepared (smtp/saslprep.h) as far as it can be, with
// libsodium's interactive limits. Takes ~100 ms.
std::string hash_password(std::string_view password);
// Any thread, deliberately slow. The password counts in its prepared form and, for hashes that were
// made without one, as it is. False for an unknown scheme. `user` null: does the work of
// `costliest`, the stored form of some user (a new hash_password() if it is empty), and returns
// false.
bool verify_password(const User* user, std::string_view password, std::string_view costliest = {});
// What a check against a stored form costs, roughly in microseconds; 0 if it cannot be checked.
std::uint64_t password_cost(std::string_view stored);

}  // namespace signpost::auth
