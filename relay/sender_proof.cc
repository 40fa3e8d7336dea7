#include "relay/sender_proof.h"

#include <algorithm>
#include <string>
#include <vector>

namespace signpost::relay {

bool proves_sender(const Settings& settings, std::string_view login) {
  const auth::User* const user = settings.users ? settings.users->find(login) : nullptr;
  if (user == nullptr) return false;
  if (!user->has_senders()) return !user->tenant.empty();
  const auto has_any = [](const std::vector<std::string>& senders) {
    return std::ranges::find(senders, "@*") != senders.end();
  };
  return !has_any(user->senders) && !has_any(user->listed_senders);
}

}  // namespace signpost::relay
