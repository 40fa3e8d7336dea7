#include "dkim/key_table.h"

namespace signpost::dkim {

void KeyTable::add(SigningIdentity identity, bool subdomains) {
  Entry& entry = exact_[identity.domain];
  if (subdomains) entry.subdomains.push_back(identity);
  entry.own.push_back(std::move(identity));
}

std::span<const SigningIdentity> KeyTable::find(std::string_view from_domain) const {
  return find(from_domain, &Entry::subdomains);
}

std::span<const SigningIdentity> KeyTable::find_for_own(std::string_view from_domain) const {
  return find(from_domain, &Entry::own);
}

std::span<const SigningIdentity> KeyTable::find(
    std::string_view from_domain, std::vector<SigningIdentity> Entry::* of_parents) const {
  if (const auto own = exact_.find(std::string(from_domain)); own != exact_.end()) {
    return own->second.own;
  }
  for (std::size_t dot = from_domain.find('.'); dot != std::string_view::npos;
       dot = from_domain.find('.')) {
    from_domain.remove_prefix(dot + 1);
    const auto parent = exact_.find(std::string(from_domain));
    if (parent != exact_.end() && !(parent->second.*of_parents).empty()) {
      return parent->second.*of_parents;
    }
  }
  return {};
}

}  // namespace signpost::dkim
