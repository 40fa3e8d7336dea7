#include "admin/access.h"

#include "base/ascii.h"

#include <algorithm>

namespace signpost::admin {

namespace {

bool is_health(std::string_view path) { return path == "/healthz" || path == "/readyz"; }
bool is_change(std::string_view method) { return method != "GET" && method != "HEAD"; }

// What follows "Bearer", which is written in any case (RFC 9110 section 11.1); "" without it.
std::string_view bearer_token(std::string_view credentials) {
  const std::size_t space = std::min(credentials.find(' '), credentials.size());
  if (!ascii::equals_ignore_case(credentials.substr(0, space), "Bearer")) return "";
  credentials.remove_prefix(
      std::min(credentials.find_first_not_of(' ', space), credentials.size()));
  return credentials;
}

// In constant time for one length, so that the token cannot be guessed octet by octet.
bool has_token(const AccessRules& rules, const HttpRequest& head) {
  const std::string& wanted = rules.token;
  if (wanted.empty()) return false;
  const std::string_view given = bearer_token(head.header("Authorization"));
  unsigned char difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size() && i < wanted.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i] ^ wanted[i]);
  }
  return difference == 0;
}

// Not a name that somebody else's DNS could resolve. HTTP/1.0 has no Host, and no browser speaks
// it.
bool is_ours(const AccessRules& rules, std::string_view host) {
  if (host.empty() || net::SocketAddress::parse(host, 80)) return true;
  const std::string_view name = host.substr(0, host.find(':'));
  const std::string_view port = host.substr(std::min(name.size() + 1, host.size()));
  if (!std::ranges::all_of(port, ascii::is_digit)) return false;  // "localhost:1@evil.example"
  return ascii::equals_ignore_case(name, "localhost") ||
         (!rules.hostname.empty() && ascii::equals_ignore_case(name, rules.hostname));
}

// "application/json", with or without parameters.
bool is_json(std::string_view type) {
  return ascii::equals_ignore_case(ascii::trim(type.substr(0, type.find(';'))), "application/json");
}

Refusal without_token(const AccessRules& rules) {
  if (!rules.token.empty()) return {401, "the token of admin.token_file is required"};
  std::string reason = "without admin.token_file only health and metrics are served here";
  if (!rules.socket.empty()) reason += "; the API is at the unix socket " + rules.socket;
  return {403, std::move(reason)};
}

}  // namespace

std::optional<Refusal> refusal_of(const AccessRules& rules, const HttpRequest& head) {
  const bool trusted = head.peer.account || has_token(rules, head);
  if (!trusted && !is_ours(rules, head.host())) {
    return Refusal{421, "Host: expected an address, localhost or the relay's hostname"};
  }
  const bool open = is_health(head.path) || (head.path == "/metrics" && !rules.token_for_metrics);
  if (!trusted && !open) return without_token(rules);
  if (!is_change(head.method)) return std::nullopt;
  if (!head.header("Origin").empty()) return Refusal{403, "web pages may not change anything here"};
  return std::nullopt;
}

std::optional<Refusal> content_refusal(const HttpRequest& head) {
  if (!is_change(head.method) || is_json(head.header("Content-Type"))) return std::nullopt;
  return Refusal{415, "Content-Type: expected application/json"};
}

}  // namespace signpost::admin
