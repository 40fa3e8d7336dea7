#include "config/config.h"

#include "base/ascii.h"
#include "smtp/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace signpost::config {

std::string ConfigError::text() const {
  std::string text = file;
  if (line > 0) text += fmt::format(":{}:{}", line, column);
  if (!text.empty()) text += ": ";
  if (!key.empty()) text += key + ": ";
  return text + message;
}

ConfigError error_at(const Config& config, std::string_view key, std::string message,
                     std::size_t table) {
  ConfigError error{config.file, 0, 0, std::string(key), std::move(message)};
  for (const KeyPlace& place : config.places) {
    if (place.key != key || table-- != 0) continue;
    error.line = place.line;
    error.column = place.column;
    break;
  }
  return error;
}

bool field_matches(std::string_view pattern, std::string_view field_name) {
  if (!pattern.ends_with('*')) return ascii::equals_ignore_case(pattern, field_name);
  return ascii::starts_with_ignore_case(field_name, pattern.substr(0, pattern.size() - 1));
}

bool HopConfig::is_loopback() const {
  if (!socket.empty() || host == "localhost") return true;
  const auto address = net::IpAddress::parse(host);
  return address && address->is_loopback();
}

ClientTlsFiles client_tls_of(const RouteConfig& route) {
  return {
      .ca_file = route.ca_file, .certificate = route.client_certificate, .key = route.client_key};
}

TlsPolicy tls_for(const HopConfig& hop, TlsPolicy wanted) {
  if (!hop.socket.empty()) return TlsPolicy::Off;
  const bool needs_tls =
      hop.protocol == HopProtocol::Smtps || (!hop.login.empty() && !hop.is_loopback());
  return needs_tls ? std::max(wanted, TlsPolicy::Encrypt) : wanted;
}

bool domain_matches(std::string_view pattern, std::string_view domain) {
  if (pattern == "*") return true;
  if (!pattern.starts_with("*.")) return pattern == domain;
  const std::string_view suffix =
      pattern.substr(1);  // with its dot: "*.a.example" is below "a.example"
  return domain.size() > suffix.size() && domain.ends_with(suffix);
}

bool list_has_domain(const std::vector<std::string>& sorted, std::string_view before,
                     std::string_view domain) {
  if (sorted.empty()) return false;
  std::string pattern;
  const auto has = [&](std::string_view wildcard, std::string_view name) {
    pattern.assign(before).append(wildcard).append(name);
    return std::ranges::binary_search(sorted, pattern);
  };
  if (has("", domain) || has("*", "")) return true;
  for (std::size_t dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.')) {
    domain.remove_prefix(dot + 1);
    if (has("*.", domain)) return true;
  }
  return false;
}

bool sender_matches(std::string_view sender, std::string_view address) {
  if (sender.starts_with('"')) {  // "a b"@example.net
    const std::size_t end = sender.rfind('@');
    std::string plain = smtp::unquoted(sender.substr(0, end));
    plain.append(sender.substr(end));
    return ascii::equals_ignore_case(plain, address);
  }
  if (!sender.starts_with('@')) return ascii::equals_ignore_case(sender, address);
  const std::size_t at = address.rfind('@');
  return at != std::string_view::npos && domain_matches(sender.substr(1), address.substr(at + 1));
}

const TenantConfig* find_tenant(const Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.tenants, name, &TenantConfig::name);
  return found == config.tenants.end() ? nullptr : &*found;
}

const TenantConfig* find_tenant(const Config& config, const net::IpAddress& client) {
  const TenantConfig* found = nullptr;
  unsigned length = 0;
  for (const TenantConfig& tenant : config.tenants) {
    for (const net::Network& network : tenant.networks) {
      if (!network.contains(client) || (found != nullptr && network.length <= length)) continue;
      found = &tenant;
      length = network.length;
    }
  }
  return found;
}

bool has_domain(const TenantConfig& tenant, std::string_view domain) {
  return std::ranges::any_of(
             tenant.domains,
             [&](const std::string& pattern) { return domain_matches(pattern, domain); }) ||
         list_has_domain(tenant.listed_domains, "", domain);
}

}  // namespace signpost::config
