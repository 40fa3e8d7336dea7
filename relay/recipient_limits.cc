#include "relay/recipient_limits.h"

#include <algorithm>
#include <string>
#include <utility>

namespace signpost::relay {

namespace {

using quota::Limits;
using quota::Scope;

const auth::User* user_of(const RecipientSource& source) {
  return source.users != nullptr ? source.users->find(source.login) : nullptr;
}

template <typename T>
void fill(std::optional<T>& limit, const std::optional<T>& otherwise) {
  if (!limit) limit = otherwise;
}

Limits login_limits(const RecipientSource& source) {
  Limits limits;
  if (const auth::User* user = user_of(source)) limits = {user->rate, user->daily};
  if (const config::TenantConfig* tenant = tenant_of(source)) {
    fill(limits.rate, tenant->login_rate);
    fill(limits.daily, tenant->login_daily);
  }
  fill(limits.rate, source.config.limits.login_rate);
  fill(limits.daily, source.config.limits.login_daily);
  return limits;
}

}  // namespace

const config::TenantConfig* tenant_of(const RecipientSource& source) {
  if (source.config.tenants.empty()) return nullptr;
  if (source.login.empty()) return config::find_tenant(source.config, source.client);
  const auth::User* const user = user_of(source);
  if (user == nullptr || user->tenant.empty()) return nullptr;
  return config::find_tenant(source.config, user->tenant);
}

std::vector<quota::Holder> limit_holders(const RecipientSource& source) {
  std::vector<quota::Holder> holders;
  const auto add = [&](Scope scope, std::string name, const Limits& limits) {
    if (limits.any()) holders.push_back({scope, std::move(name), limits});
  };
  const config::LimitsConfig& limits = source.config.limits;
  if (!source.login.empty()) {
    add(Scope::Login, std::string(source.login), login_limits(source));
  }
  const Limits of_client{limits.client_rate, limits.client_daily};
  if (of_client.any() && !source.client.account()) {
    add(Scope::Client, source.client.client_prefix().text(), of_client);
  }
  if (const config::TenantConfig* tenant = tenant_of(source)) {
    add(Scope::Tenant, tenant->name, {tenant->rate, tenant->daily});
  }
  add(Scope::Server, "", {limits.rate, limits.daily});
  return holders;
}

std::optional<MessageLimit> message_limit(const RecipientSource& source) {
  std::optional<MessageLimit> limit;
  const auto consider = [&](Scope scope, const std::optional<std::size_t>& most) {
    if (most && (!limit || *most < limit->most)) limit = {scope, *most};
  };
  if (const auth::User* user = user_of(source)) {
    consider(Scope::Login, user->recipients_per_message);
  }
  if (const config::TenantConfig* tenant = tenant_of(source)) {
    consider(Scope::Tenant, tenant->recipients_per_message);
  }
  return limit;
}

bool limits_recipients(const config::Config& config, const auth::Users* users) {
  const config::LimitsConfig& limits = config.limits;
  if (limits.rate || limits.daily || limits.login_rate || limits.login_daily ||
      limits.client_rate || limits.client_daily) {
    return true;
  }
  const bool of_tenants =
      std::ranges::any_of(config.tenants, [](const config::TenantConfig& tenant) {
        return tenant.rate || tenant.daily || tenant.recipients_per_message || tenant.login_rate ||
               tenant.login_daily;
      });
  return of_tenants ||
         (users != nullptr && std::ranges::any_of(users->all(), [](const auth::User& user) {
            return user.rate || user.daily || user.recipients_per_message;
          }));
}

}  // namespace signpost::relay
