// The SASL mechanisms that a client of ours can use.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signpost::sasl {

// In the order of preference.
enum class Mechanism : std::uint8_t { ScramSha256, ScramSha1, OauthBearer, Xoauth2, Plain, Login };
inline constexpr std::array kMechanisms{Mechanism::ScramSha256, Mechanism::ScramSha1,
                                        Mechanism::OauthBearer, Mechanism::Xoauth2,
                                        Mechanism::Plain,       Mechanism::Login};

std::string_view name_of(Mechanism mechanism);  // "SCRAM-SHA-256", as it is registered
std::optional<Mechanism> mechanism_named(std::string_view name);  // in any case

// The secret is a token (RFC 6750), not a password.
bool takes_token(Mechanism mechanism);
// Who reads the connection learns the secret.
bool shows_secret(Mechanism mechanism);

}  // namespace signpost::sasl
