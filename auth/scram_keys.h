// What a server keeps of a password for SCRAM-SHA-256 (RFC 5802 section 3, RFC 7677): it proves the
// password, and whoever gets it can guess but not log in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::auth {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view text);
Sha256 hmac_sha256(std::string_view key, std::string_view text);
inline std::string_view text_of(const Sha256& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

struct ScramKeys {
  std::uint32_t iterations = 0;
  std::string salt;
  Sha256 stored_key{};
  Sha256 server_key{};

  bool operator==(const ScramKeys&) const = default;
};

// The stored form is Dovecot's: "{SCRAM-SHA-256}ITERATIONS,SALT,STORED-KEY,SERVER-KEY", the latter
// three in base64.
std::string scram_text(const ScramKeys& keys);
std::optional<ScramKeys> parse_scram(std::string_view stored);
// What is wrong with a stored form, without showing it; nothing if it can be used. The iterations
// are bounded: a client must do them, too.
std::optional<std::string> scram_problem(std::string_view stored);

// Deliberately slow. `password` is prepared (smtp/saslprep.h).
ScramKeys derive_scram_keys(std::string_view password, std::string_view salt,
                            std::uint32_t iterations);
// New ones with a salt of their own; the password is prepared as far as it can be. Takes ~30 ms.
std::string make_scram(std::string_view password);

}  // namespace signpost::auth
