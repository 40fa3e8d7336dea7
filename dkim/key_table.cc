#include "dkim/key_table.h"

namespace signpost::dkim {

void KeyTable::add(SigningIdentity identity, bool subdomains) {
  Entry& entry = exact_[identity.domain];
  if (subdomains) entry.subdomains.push_back(identity);
  entry.own.push_back(std::move(identity));
}

std::span<const SigningIdentity> KeyTable::find(std::string_view from_domain) const {
  if (const auto own = exact_.find(std::string(from_domain)); own != exact_.end()) {
    return own->second.own;
  }
  for (std::size_t dot = from_domain.find('.'); dot != std::string_view::npos;
       dot = from_domain.find('.')) {
    from_domain.remove_prefix(dot + 1);
    const auto parent = exact_.find(std::string(from_domain));
    if (parent != exact_.end() && !parent->second.subdomains.empty()) {
      return parent->second.subdomains;
    }
  }
  return {};
}

}  // namespace signpost::dkim
