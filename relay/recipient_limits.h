// Whose limits the recipients of a message count against: the tree login, tenant, server, and the
// client's address.
#pragma once

#include "auth/users.h"
#include "config/config.h"
#include "net/address.h"
#include "quota/limits.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace signpost::relay {

// Who sends, under which configuration.
struct RecipientSource {
  const config::Config& config;
  const auth::Users* users = nullptr;  // null without [auth]
  std::string_view login{};            // "" of a trusted network's client; of an account, "uid:33"
  net::IpAddress client{};
};

// A login's tenant; without a login, the one whose network it is. Null: none.
const config::TenantConfig* tenant_of(const RecipientSource& source);

// Those who have limits, the nearest first: the login, the client, the tenant, the server. What a
// login has not itself is its tenant's login_rate and login_daily, or else the server's.
std::vector<quota::Holder> limit_holders(const RecipientSource& source);

// Of one message: the least of the login's and its tenant's. Nothing: no limit beside
// limits.recipients_per_message.
struct MessageLimit {
  quota::Scope scope = quota::Scope::Login;
  std::size_t most = 0;
};
std::optional<MessageLimit> message_limit(const RecipientSource& source);

// Whether any of these is limited; for Settings::limits_recipients.
bool limits_recipients(const config::Config& config, const auth::Users* users);

}  // namespace signpost::relay
