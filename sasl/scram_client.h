// SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677), the client's side: it proves the password
// without showing it, and has the server prove that it knows it, too.
#pragma once

#include "sasl/mechanism.h"
#include "sasl/password.h"
#include "smtp/client_login.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::sasl {

// One exchange, without channel binding: it says so ("n"), and uses no mechanism that has it.
class ScramClient final : public smtp::LoginExchange {
 public:
  // RFC 7677 section 4: a server that asks for fewer invites guessing by whoever listens. The most
  // bounds the time that a worker spends on them, once for each salt.
  static constexpr std::uint32_t kFewestIterations = 4096;
  static constexpr std::uint32_t kMostIterations = 1'000'000;

  // `name`: prepared (smtp/saslprep.h), then with "," and "=" escaped. `nonce`: random and
  // printable, without a comma.
  ScramClient(Mechanism mechanism, const std::string& name,
              std::shared_ptr<const Password> password, std::string nonce);

  std::string_view mechanism() const override { return name_of(mechanism_); }
  std::optional<std::string> initial_response() override;
  std::expected<std::string, std::string> respond(std::string_view challenge) override;
  std::string accepted() override;

 private:
  enum class Expected : std::uint8_t { ServerFirst, ServerFinal, Nothing };

  std::expected<std::string, std::string> on_server_first(std::string_view message);
  std::expected<std::string, std::string> on_server_final(std::string_view message);

  const Mechanism mechanism_;
  const ScramHash hash_;
  const std::shared_ptr<const Password> password_;
  const std::string nonce_;
  const std::string first_bare_;
  Expected expected_ = Expected::ServerFirst;
  bool repeated_ = false;
  std::string server_signature_;  // that the server must show
  bool proven_ = false;           // and that it has shown
};

}  // namespace signpost::sasl
