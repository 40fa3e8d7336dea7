// Which identities sign for which From: domain.
#pragma once

#include "dkim/signer.h"

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace signpost::dkim {

// Built once from the configuration, then shared as const by all workers.
class KeyTable {
 public:
  // Several identities of one domain sign side by side (RFC 8463 section 3: two fields, not one).
  // `subdomains`: it also signs for From: domains below its own that have no key.
  void add(SigningIdentity identity, bool subdomains);

  // The identities for a From: domain, as A-labels in lower case; the longest match wins. Empty if
  // none fits. The span lives as long as the table.
  std::span<const SigningIdentity> find(std::string_view from_domain) const;
  // The same for the relay's own messages: also a key of a parent domain, whatever `subdomains`
  // says. We are mail.shop.example, and receivers accept a signature of shop.example for it (RFC
  // 7489 section 3.1.1).
  std::span<const SigningIdentity> find_for_own(std::string_view from_domain) const;
  bool empty() const { return exact_.empty(); }

 private:
  struct Entry {
    std::vector<SigningIdentity> own;         // all identities of the domain
    std::vector<SigningIdentity> subdomains;  // those that also sign below it
  };
  std::span<const SigningIdentity> find(std::string_view from_domain,
                                        std::vector<SigningIdentity> Entry::* of_parents) const;

  std::unordered_map<std::string, Entry> exact_;
};

}  // namespace signpost::dkim
