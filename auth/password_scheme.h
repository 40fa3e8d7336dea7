// The stored forms of passwords, under Dovecot's names: "{ARGON2ID}$argon2id$…" (libsodium) and
// "{SHA512-CRYPT}$6$…" (crypt(3)).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signpost::auth {

// What is wrong with a stored form, without showing it; nothing if passwords can be checked against
// it at a bearable cost: a line that asks for gigabytes or minutes would take the relay down with
// one login.
std::optional<std::string> password_hash_problem(std::string_view stored);

}  // namespace signpost::auth
