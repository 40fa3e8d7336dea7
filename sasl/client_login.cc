#include "sasl/client_login.h"

#include "base/ascii.h"
#include "sasl/client_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace signpost::sasl {

std::expected<std::unique_ptr<smtp::LoginExchange>, std::string> ClientLogin::begin(
    std::span<const std::string> offered, bool is_private) const {
  std::vector<std::string_view> usable;  // for the message
  bool some_in_private = false;
  for (const Mechanism mechanism : kMechanisms) {
    if (takes_token(mechanism) != is_token_ || (fixed_ && fixed_ != mechanism)) continue;
    usable.push_back(name_of(mechanism));
    const bool is_offered = std::ranges::any_of(offered, [&](const std::string& name) {
      return ascii::equals_ignore_case(name, name_of(mechanism));
    });
    if (!is_offered) continue;
    if (!shows_secret(mechanism) || is_private) return exchange_of(mechanism, name_, secret_);
    some_in_private = true;
  }
  if (some_in_private) {
    return std::unexpected(
        fmt::format("a {} is not sent without TLS", is_token_ ? "token" : "password"));
  }
  return std::unexpected(fmt::format(
      "the peer offers {}, and this login can use {}",
      offered.empty() ? "no AUTH" : fmt::format("AUTH {} only", fmt::join(offered, " ")),
      fmt::join(usable, ", ")));
}

}  // namespace signpost::sasl
