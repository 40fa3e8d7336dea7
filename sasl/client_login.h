// The login that the configuration gives a client for a server.
#pragma once

#include "sasl/mechanism.h"
#include "sasl/password.h"
#include "smtp/client_login.h"

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace signpost::sasl {

class ClientLogin final : public smtp::ClientLogin {
 public:
  // `secret`: the password, or the token if `is_token`. `fixed`: the only mechanism to be used.
  ClientLogin(std::string name, std::shared_ptr<const Password> secret, bool is_token,
              std::optional<Mechanism> fixed)
      : name_(std::move(name)), secret_(std::move(secret)), is_token_(is_token), fixed_(fixed) {}

  // The most preferred mechanism of kMechanisms that fits. One that shows the secret is used on a
  // private connection only.
  std::expected<std::unique_ptr<smtp::LoginExchange>, std::string> begin(
      std::span<const std::string> offered, bool is_private) const override;

 private:
  const std::string name_;
  const std::shared_ptr<const Password> secret_;
  const bool is_token_;
  const std::optional<Mechanism> fixed_;
};

}  // namespace signpost::sasl
