// A request and a response of HTTP as values, whatever library carries them.
#pragma once

#include "base/ascii.h"
#include "net/address.h"
#include "net/unix_socket.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::admin {

// Who is at the other end: an account of this machine (unix socket), or an address (TCP).
struct HttpPeer {
  std::optional<net::PeerCredentials> account;
  net::SocketAddress address;  // without an account

  // Connections are counted by this, so that one client cannot take those of others.
  std::string client() const {
    return account ? "uid " + std::to_string(account->uid) : address.ip.client_prefix().text();
  }
};

struct HttpRequest {
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  std::string method;
  std::string path;                      // decoded, without the query
  Pairs query;                           // decoded
  std::optional<std::string> authority;  // of a target that is a whole URI
  Pairs headers;
  std::string body;
  HttpPeer peer;

  // Whom the client wants to talk to: "name" or "name:port", "" when it does not say.
  std::string_view host() const { return authority ? *authority : header("Host"); }
  // The first of that name, in any case; "" without one.
  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (ascii::equals_ignore_case(key, name)) return value;
    }
    return {};
  }
  std::string_view parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
      if (key == name) return value;
    }
    return {};
  }
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  HttpRequest::Pairs headers{};  // beside Content-Type and those that every response has
};

}  // namespace signpost::admin
