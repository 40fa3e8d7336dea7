// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), the server's side.
#pragma once

#include "auth/sasl_exchange.h"
#include "auth/scram_keys.h"
#include "auth/users.h"
#include "net/tls.h"

#include <memory>
#include <string>
#include <string_view>

namespace signpost::auth {

class ScramExchange final : public SaslExchange {
 public:
  struct Server {
    std::shared_ptr<const Users> users;
    std::string salt_secret;      // of the salts of logins that do not exist
    net::ChannelBinding binding;  // for -PLUS
    bool plus = false;            // the mechanism is -PLUS
    bool plus_offered = false;  // a client that could use it must not be made to believe otherwise
    std::string nonce;          // random
  };
  explicit ScramExchange(Server server) : server_(std::move(server)) {}

  Answer respond(std::string_view message) override;
  std::string last_words(Verdict verdict) override;

 private:
  enum class Expected { ClientFirst, ClientFinal, Nothing };

  Answer on_client_first(std::string_view message);
  Answer on_client_final(std::string_view message);
  // How the client binds the channel: the octets that it must prove; false if it may not do so.
  bool take_binding_flag(std::string_view flag);
  ScramKeys keys_of(const std::string& login) const;

  const Server server_;
  Expected expected_ = Expected::ClientFirst;
  bool downgraded_ = false;  // somebody removed -PLUS from what we offered
  std::string gs2_header_;
  std::string binding_;
  std::string login_;
  std::string authorization_identity_;
  std::string client_first_bare_;
  std::string nonce_;
  std::string server_first_;
  ScramKeys keys_;
  bool known_ = false;
  std::string server_signature_;
};

// Whether SCRAM can serve every login that has a password: only then may it be offered, since
// clients prefer it.
bool scram_serves_all(const Users& users);

}  // namespace signpost::auth
