#include "submission/revocation.h"

#include "submission/session_options.h"

#include <optional>

namespace signpost::submission {

namespace {

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
    const auth::User* found = settings.users ? settings.users->find(standing.login) : nullptr;
    return found != nullptr ? std::optional(*found) : std::nullopt;
  };
  return user(standing.settings) != user(now);
}

bool login_has_changed(const Standing& standing, const relay::Settings& now) {
  const auto find = [&](const relay::Settings& settings) {
    return settings.users ? settings.users->find(standing.login) : nullptr;
  };
  const auth::User* before = find(standing.settings);
  const auth::User* after = find(now);
  // Dovecot's: the next login asks it again.
  if (before == nullptr && after == nullptr) {
    const std::string& socket = standing.settings.config->dovecot_socket;
    return socket.empty() || socket != now.config->dovecot_socket;
  }
  if (before == nullptr || after == nullptr || *before != *after) return true;
  if (!before->senders.empty()) return false;
  const auto& tenants = standing.settings.config->tenants;
  if (tenants != now.config->tenants) return true;
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
  return standing.login.empty() ? trust_is_lost(standing, now) : login_has_changed(standing, now);
}

}  // namespace signpost::submission
