// The exchanges of a client, mechanism by mechanism.
//
//   mechanism     first                        answers
//   -----------   --------------------------   ---------------------------------------------------
//   PLAIN         the message (RFC 4616)       none
//   LOGIN         nothing                      the name, then the password, whatever is asked
//   OAUTHBEARER   the message (RFC 7628)       %x01 to the server's error
//   XOAUTH2       the message (Google's form)  nothing to the server's error
//   SCRAM-*       client-first (RFC 5802)      client-final; nothing to the server's signature
#pragma once

#include "sasl/mechanism.h"
#include "sasl/password.h"
#include "smtp/client_login.h"

#include <memory>
#include <string>

namespace signpost::sasl {

// A new one. `secret`: the password or the token, as the mechanism has it.
std::unique_ptr<smtp::LoginExchange> exchange_of(Mechanism mechanism, const std::string& name,
                                                 std::shared_ptr<const Password> secret);

}  // namespace signpost::sasl
