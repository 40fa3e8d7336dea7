// The exchange of one AUTH command (RFC 4954 section 4): what the client sent in, what comes next
// out.
//
//   mechanism  expects                      answer
//   ---------  ---------------------------  ---------------------------------------------
//   PLAIN      a message (RFC 4616)         Credentials
//   LOGIN      a name                       Prompt "Password:"
//              a password                   Credentials
//   others     messages of their own        Message, until the one who uses it knows the outcome
//   any        "*"                          Cancelled
//              what cannot be understood    Malformed
//
// Pure: it knows neither logins nor replies, and the one who uses it decides what becomes of the
// connection.
#pragma once

#include "base/secret_string.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace signpost::smtp {

// Whom a client claims to be, and what is to prove it. Names are prepared (smtp/saslprep.h), as far
// as they can be. The password is as it came: an old hash may be of another form of it.
struct Credentials {
  std::string mechanism;               // "PLAIN" or "LOGIN"
  std::string authorization_identity;  // PLAIN's authzid; empty when not given
  std::string login;
  SecretString password;
};

class Authentication {
 public:
  struct Prompt {
    std::string challenge;  // in base64
  };
  struct Message {
    SecretString text;
  };
  struct Cancelled {};
  struct Malformed {};
  using Answer = std::variant<Prompt, Message, Cancelled, Malformed, Credentials>;

  // Whether it ends with Credentials by itself.
  static bool takes_password(std::string_view mechanism);

  explicit Authentication(std::string_view mechanism);

  // The first answer. `initial_response`: what came with the command, still in base64.
  Answer begin(std::optional<std::string_view> initial_response);
  // After a Message: what the client is to answer.
  static Prompt challenge(std::string_view text);
  // After a Prompt. `line`: what the client sent, without its line end.
  Answer respond(std::string_view line);

  const std::string& mechanism() const { return mechanism_; }

 private:
  enum class Expected : std::uint8_t { PlainMessage, LoginName, LoginPassword, Message };

  Answer on_response(std::string_view base64);
  Answer on_plain_message(std::string_view message) const;
  Answer on_login_name(std::string_view name);
  Answer on_login_password(SecretString password);

  std::string mechanism_;
  Expected expected_ = Expected::PlainMessage;
  std::string login_;  // LOGIN's, once it was sent
};

}  // namespace signpost::smtp
