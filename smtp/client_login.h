// How a client proves to a server who it is: what ClientDialog needs of SASL (RFC 4954, RFC 4422).
// The mechanisms are in sasl/: they need cryptography, which this folder does not.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace signpost::smtp {

// One exchange. Messages are octets, not yet in base64.
class LoginExchange {
 public:
  virtual ~LoginExchange() = default;
  virtual std::string_view mechanism() const = 0;
  // What may go with the command; nothing: the server speaks first.
  virtual std::optional<std::string> initial_response() = 0;
  // The answer to a challenge, or why there is none and the exchange is over.
  virtual std::expected<std::string, std::string> respond(std::string_view challenge) = 0;
  // The server says that we are who we claim to be. "": so be it; else why it is not to be trusted.
  virtual std::string accepted() { return {}; }
};

// A login at a server. Constant and shared; any thread.
class ClientLogin {
 public:
  virtual ~ClientLogin() = default;
  // An exchange by the best of the mechanisms that the peer offers, or why none can be used.
  // `is_private`: nobody else can read the connection.
  virtual std::expected<std::unique_ptr<LoginExchange>, std::string> begin(
      std::span<const std::string> offered, bool is_private) const = 0;
};

}  // namespace signpost::smtp
