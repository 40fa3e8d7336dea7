// The server's side of one SASL exchange that is not about a password in clear (RFC 4422 section
// 3).
#pragma once

#include "auth/check_line.h"
#include "base/secret_string.h"

#include <string>
#include <string_view>
#include <variant>

namespace signpost::auth {

// Pure: messages in, messages out. Used until it has answered something else than Challenge.
class SaslExchange {
 public:
  struct Challenge {
    std::string message;
  };
  struct Malformed {};
  // All has been said. `right` is the mechanism's own verdict: whether it counts is for the guard
  // against guessing to say.
  struct Claim {
    std::string login;
    std::string authorization_identity;  // "" when not given
    bool right = false;
    bool may_be_guess = true;  // false: what proves it cannot be guessed, and no lock holds it off
  };
  // All has been said, and a token that others have signed is to prove it.
  struct Bearer {
    std::string authorization_identity;  // "" when not given
    SecretString token;
  };
  using Answer = std::variant<Challenge, Malformed, Claim, Bearer>;

  virtual ~SaslExchange() = default;
  virtual Answer respond(std::string_view message) = 0;
  // What the client must hear before the outcome; "": nothing. What it says to it does not matter.
  virtual std::string last_words(Verdict verdict) = 0;
};

}  // namespace signpost::auth
