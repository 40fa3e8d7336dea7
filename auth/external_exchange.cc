#include "auth/external_exchange.h"

#include "smtp/saslprep.h"

#include <algorithm>
#include <utility>

namespace signpost::auth {

SaslExchange::Answer ExternalExchange::respond(std::string_view message) {
  if (std::exchange(done_, true) || message.contains('\0')) return Malformed{};
  const std::string asked = smtp::prepared_name(message);
  Claim claim{
      .login = asked, .authorization_identity = asked, .right = false, .may_be_guess = false};
  for (const std::string& name : names_) {
    const std::string own = smtp::prepared_name(name);
    if (!asked.empty() && own != asked) continue;
    const bool listed = users_ != nullptr && users_->find(own) != nullptr;
    if (listed || claim.login.empty()) claim.login = own;
    claim.right = listed;
    if (listed) break;
  }
  return claim;
}

}  // namespace signpost::auth
