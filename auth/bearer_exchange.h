// OAUTHBEARER (RFC 7628) and XOAUTH2, Google's form of the same, the server's side: what takes the
// token apart from what goes with it, and tells a client that its token is worth nothing.
#pragma once

#include "auth/sasl_exchange.h"

#include <string>
#include <string_view>

namespace signpost::auth {

class BearerExchange final : public SaslExchange {
 public:
  enum class Form { OauthBearer, XOauth2 };
  // What a client needs to get a better token.
  struct Advice {
    std::string issuer;  // whose configuration it finds, if this is a URL
    std::string scope;   // "": none
  };
  BearerExchange(Form form, Advice advice) : form_(form), advice_(std::move(advice)) {}

  Answer respond(std::string_view message) override;
  // A token that was refused is told of in JSON (RFC 7628 section 3.2.2); the client says something
  // without meaning to it, and then gets the outcome.
  std::string last_words(Verdict verdict) override;

 private:
  const Form form_;
  const Advice advice_;
  bool done_ = false;
};

}  // namespace signpost::auth
