#include "submission/sender_binding.h"

#include "auth/users.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ranges>
#include <vector>

namespace signpost::submission {

namespace {

constexpr std::size_t kShownSenders = 5;

// With the local part unquoted, and the domain in the form of the configuration;
// nothing when it is not an address.
std::optional<std::string> comparable(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return {};
  const auto domain = smtp::to_a_labels(address.substr(at + 1));
  if (!domain) return {};
  return smtp::unquoted(address.substr(0, at)) + '@' + *domain;
}

// For others, a tenant also owns the subdomains of its domains: a key may sign for
// them, and receivers treat both as one organization (RFC 7489 section 3.1.1).
bool claims(const config::TenantConfig& tenant, std::string_view domain) {
  for (;;) {
    if (config::has_domain(tenant, domain)) return true;
    const std::size_t dot = domain.find('.');
    if (dot == std::string_view::npos) return false;
    domain.remove_prefix(dot + 1);
  }
}

bool has_owner(const relay::Settings& settings, std::string_view address) {
  if (settings.users->are_senders(address)) return true;
  return std::ranges::any_of(settings.config->tenants, [&](const config::TenantConfig& tenant) {
    return claims(tenant, smtp::domain_of(address));
  });
}

// Whether there may be domains that another login or a tenant has.
bool others_have_some(const relay::Settings& settings) {
  if (!settings.users || settings.users->all().size() == 1) return false;
  return !settings.config->tenants.empty() || settings.users->have_senders();
}

bool may_send_unbound(const relay::Settings& settings, std::string_view address) {
  // Without any key there is nothing to misuse.
  if (!settings.keys.empty() && !has_key(settings, smtp::domain_of(address))) return false;
  if (!others_have_some(settings)) return true;
  const auto compared = comparable(address);
  return compared && !has_owner(settings, *compared);
}

// The first of `names`, then of `listed`.
std::string joined(const std::vector<std::string>& names, const std::vector<std::string>& listed,
                   std::string_view before) {
  std::string text;
  std::size_t left = kShownSenders;
  for (const std::vector<std::string>* some : {&names, &listed}) {
    for (const std::string& name : *some | std::views::take(left)) {
      if (!text.empty()) text += ", ";
      text.append(before).append(name);
    }
    left -= std::min(left, some->size());
  }
  if (names.size() + listed.size() > kShownSenders) text += ", ...";
  return text;
}

// The domains with a key that nobody else has: "@shop.example", "@*.shop.example" for what is below
// one. There may be thousands: not all of them are asked for whose they are.
std::string unbound_text(const relay::Settings& settings) {
  constexpr std::size_t kLookedAt = 1000;
  if (settings.keys.empty()) return "any domain that no other login or tenant has";
  std::vector<std::string> free;
  for (const config::DkimConfig& key : settings.config->dkim | std::views::take(kLookedAt)) {
    if (free.size() > kShownSenders) break;
    if (std::ranges::find(free, key.domain) != free.end()) continue;  // a second key
    if (others_have_some(settings) && has_owner(settings, fmt::format("@{}", key.domain))) continue;
    free.push_back(key.domain);
    if (key.subdomains) free.push_back(fmt::format("*.{}", key.domain));
  }
  if (!free.empty()) return joined(free, {}, "@");
  return "domains with a DKIM key that no other login or tenant has";
}

}  // namespace

bool has_key(const relay::Settings& settings, std::string_view domain) {
  const auto a_labels = smtp::to_a_labels(domain);
  return a_labels && !settings.keys.find(*a_labels).empty();
}

bool may_send_as(const relay::Settings& settings, const auth::User& user,
                 std::string_view address) {
  if (!user.has_senders() && user.tenant.empty()) return may_send_unbound(settings, address);
  const auto compared = comparable(address);
  if (!compared) return false;
  if (user.has_senders()) return auth::is_sender(user, *compared);
  const config::TenantConfig* tenant = config::find_tenant(*settings.config, user.tenant);
  return tenant != nullptr && config::has_domain(*tenant, smtp::domain_of(*compared));
}

std::string allowed_text(const auth::User& user, const relay::Settings& settings) {
  if (user.has_senders()) return joined(user.senders, user.listed_senders, "");
  if (const auto* tenant = config::find_tenant(*settings.config, user.tenant)) {
    return joined(tenant->domains, tenant->listed_domains, "@");
  }
  return unbound_text(settings);
}

}  // namespace signpost::submission
