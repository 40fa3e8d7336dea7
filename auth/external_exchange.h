// EXTERNAL (RFC 4422 appendix A), the server's side: the client's certificate is the proof.
#pragma once

#include "auth/sasl_exchange.h"
#include "auth/users.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

class ExternalExchange final : public SaslExchange {
 public:
  // `names`: whom the verified certificate of the client names (net::TlsFacts::client_names).
  ExternalExchange(std::vector<std::string> names, std::shared_ptr<const Users> users)
      : names_(std::move(names)), users_(std::move(users)) {}

  // The login is the name that the client asks for, or the first one that users has; no other name
  // than the certificate's is ever right.
  Answer respond(std::string_view message) override;
  std::string last_words(Verdict) override { return ""; }

 private:
  const std::vector<std::string> names_;
  const std::shared_ptr<const Users> users_;
  bool done_ = false;
};

}  // namespace signpost::auth
