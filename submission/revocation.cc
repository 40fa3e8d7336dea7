#include "submission/revocation.h"

#include "submission/session_options.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace signpost::submission {

namespace {

// What a login may do; how much is asked anew for each message.
bool same_rights(const auth::User& a, const auth::User& b) {
  auth::User other = b;
  other.rate = a.rate;
  other.daily = a.daily;
  other.recipients_per_message = a.recipients_per_message;
  return a == other;
}

bool same_domains(const config::TenantConfig& a, const config::TenantConfig& b) {
  return a.name == b.name && a.domains == b.domains && a.listed_domains == b.listed_domains;
}

bool same_domains(const std::vector<config::TenantConfig>& a,
                  const std::vector<config::TenantConfig>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return same_domains(x, y); });
}

// Whose domains a client without a login is limited to.
bool tenant_has_changed(const Standing& standing, const relay::Settings& now) {
  const auto* before = config::find_tenant(*standing.settings.config, standing.client);
  const auto* after = config::find_tenant(*now.config, standing.client);
  if (before == nullptr || after == nullptr) return before != after;
  return !same_domains(*before, *after);
}

// A reload drops no session: one whose listener is gone continues.
bool trust_is_lost(const Standing& standing, const relay::Settings& now) {
  const auto* before = find_listener(standing.settings, standing.listener);
  const auto* after = find_listener(now, standing.listener);
  return before != nullptr && after != nullptr && is_trusted(*before, standing.client) &&
         !is_trusted(*after, standing.client);
}

// Its login may come and go: without one it is bound to no senders.
bool account_has_changed(const Standing& standing, const relay::Settings& now) {
  const auto user = [&](const relay::Settings& settings) {
    return settings.users ? settings.users->find(standing.login) : nullptr;
  };
  const auth::User* const before = user(standing.settings);
  const auth::User* const after = user(now);
  if (before == nullptr || after == nullptr) return before != after;
  return !same_rights(*before, *after);
}

bool login_has_changed(const Standing& standing, const relay::Settings& now) {
  const auto find = [&](const relay::Settings& settings) {
    return settings.users ? settings.users->find(standing.login) : nullptr;
  };
  const auth::User* before = find(standing.settings);
  const auth::User* after = find(now);
  // Dovecot's, or an issuer's: the next login asks them again.
  if (before == nullptr && after == nullptr) {
    const config::Config& then = *standing.settings.config;
    const bool somebody = !then.dovecot_socket.empty() || then.oauth.has_value();
    return !somebody || then.dovecot_socket != now.config->dovecot_socket ||
           then.oauth != now.config->oauth;
  }
  if (before == nullptr || after == nullptr || !same_rights(*before, *after)) return true;
  if (before->has_senders()) return false;
  const auto& tenants = standing.settings.config->tenants;
  if (!same_domains(tenants, now.config->tenants)) return true;
  if (!before->tenant.empty()) return false;
  // A login without senders and tenant may use domains that nobody else has; alone, any with a key.
  const bool company = standing.settings.users->all().size() == 1 && now.users->all().size() > 1;
  return !standing.settings.users->have_senders_of(*now.users) || (company && !tenants.empty());
}

}  // namespace

bool is_revoked(const Standing& standing, const relay::Settings& now) {
  if (standing.client.account()) {
    return trust_is_lost(standing, now) || account_has_changed(standing, now);
  }
  if (!standing.login.empty()) return login_has_changed(standing, now);
  return trust_is_lost(standing, now) || tenant_has_changed(standing, now);
}

}  // namespace signpost::submission
