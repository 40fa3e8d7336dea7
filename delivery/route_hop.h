// A next hop of a [[route]], with all that a connection to it needs.
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "sasl/mechanism.h"
#include "smtp/client_login.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {

struct RouteHop {
  config::HopConfig to;
  config::TlsPolicy tls = config::TlsPolicy::Opportunistic;
  std::optional<sasl::Mechanism> auth{};
  std::string token_file{};  // "": it has a password, or no login
  config::ClientTlsFiles client_tls{};
  friend bool operator==(const RouteHop&, const RouteHop&) = default;

  bool is_lmtp() const { return to.protocol == config::HopProtocol::Lmtp; }
  bool is_tls_implicit() const { return to.protocol == config::HopProtocol::Smtps; }
};

// The next hops of `route`. `tls`: of mail that no route has a policy for.
std::vector<RouteHop> hops_of(const config::RouteConfig& route, config::TlsPolicy tls);

// What the sites of logs and commands call them: "smtp:host:25", "lmtp:unix:/path", in a list
// separated by commas, each with the marks of its login and its files, its mechanism and its
// weight.
std::string key_of(const std::vector<RouteHop>& hops);

// The login for a connection to `hop`; null: none is needed. Blocks on the file if there is a
// token_file.
Result<std::shared_ptr<const smtp::ClientLogin>> login_at(const RouteHop& hop);

}  // namespace signpost::delivery
