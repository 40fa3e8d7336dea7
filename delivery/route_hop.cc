#include "delivery/route_hop.h"

#include "config/text_file.h"
#include "sasl/client_login.h"
#include "sasl/scram_hash.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::size_t kLongestToken = 8192;  // it must fit into a line of AUTH

std::string place_of(const config::HopConfig& hop) {
  if (!hop.socket.empty()) return "lmtp:unix:" + hop.socket;
  const std::string_view protocol = hop.protocol == config::HopProtocol::Smtp    ? "smtp"
                                    : hop.protocol == config::HopProtocol::Smtps ? "smtps"
                                                                                 : "lmtp";
  // The mark of the login is what the name has after its only blank.
  const std::size_t mark = hop.name.find(' ');
  return fmt::format("{}:{}:{}{}", protocol, hop.host, hop.port,
                     mark == std::string::npos ? "" : hop.name.substr(mark));
}

// Connections that trust or show something else carry each other's mail never.
std::string mark_of(const config::ClientTlsFiles& files) {
  if (files == config::ClientTlsFiles{}) return "";
  const std::string all = fmt::format("{}\n{}\n{}", files.ca_file, files.certificate, files.key);
  std::string mark = " files=";
  for (const char octet : sasl::hash(sasl::ScramHash::Sha256, all).substr(0, 4)) {
    mark += fmt::format("{:02x}", static_cast<unsigned char>(octet));
  }
  return mark;
}

}  // namespace

std::vector<RouteHop> hops_of(const config::RouteConfig& route, config::TlsPolicy tls) {
  std::vector<RouteHop> hops;
  for (const config::HopConfig& hop : route.hops) {
    hops.push_back({.to = hop, .tls = tls_for(hop, route.tls.value_or(tls))});
    hops.back().client_tls = config::client_tls_of(route);
    if (hop.login.empty()) continue;
    hops.back().auth = route.auth;
    hops.back().token_file = route.token_file;
  }
  return hops;
}

std::string key_of(const std::vector<RouteHop>& hops) {
  std::string key;
  for (const RouteHop& hop : hops) {
    if (!key.empty()) key += ',';
    key += place_of(hop.to);
    if (hop.auth) key += fmt::format(" auth={}", sasl::name_of(*hop.auth));
    if (!hop.token_file.empty()) key += " token";
    key += mark_of(hop.client_tls);
    if (hop.to.weight != 1) key += fmt::format("*{}", hop.to.weight);
  }
  return key;
}

Result<std::shared_ptr<const smtp::ClientLogin>> login_at(const RouteHop& hop) {
  if (hop.to.login.empty()) return nullptr;
  std::shared_ptr<const sasl::Password> secret = hop.to.password;
  if (!hop.token_file.empty()) {
    auto token = config::read_secret_file(hop.token_file);
    if (!token) {
      return fail(token.error().code,
                  fmt::format("the token in {} {}", hop.token_file, token.error().detail));
    }
    if (token->size() > kLongestToken) {
      return fail(Errc::InvalidArgument,
                  fmt::format("the token in {} is too long (at most {} octets)", hop.token_file,
                              kLongestToken));
    }
    secret = std::make_shared<const sasl::Password>(*token);
  }
  return std::make_shared<const sasl::ClientLogin>(hop.to.login, std::move(secret),
                                                   !hop.token_file.empty(), hop.auth);
}

}  // namespace signpost::delivery
