// The server's side of one SASL exchange whose messages depend on what the server knows of the
// login (RFC 4422 section 3): SCRAM.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace signpost::auth {

// Pure: messages in, messages out. Used until it has answered Malformed or Claim.
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
  };
  using Answer = std::variant<Challenge, Malformed, Claim>;

  virtual ~SaslExchange() = default;
  virtual Answer respond(std::string_view message) = 0;
  // What the client must hear before the outcome; "": nothing.
  virtual std::string last_words(bool accepted) = 0;
};

}  // namespace signpost::auth
