// Finds the MTA-STS policies of domains that mail goes to (RFC 8461 section 3).
#pragma once

#include "base/alive.h"
#include "dns/resolver.h"
#include "mta_sts/finding.h"
#include "mta_sts/policies.h"
#include "net/address.h"
#include "net/loop.h"

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>

namespace signpost::mta_sts {

// Belongs to one worker. The loop's thread only. Destroying it cancels what is under way; its
// queries must be gone before.
class Discovery final : private Policies::Waiter {
 public:
  // Why a policy host must not be asked at this address, in words as "has the loopback address";
  // "": it may. Strangers write these addresses into the DNS.
  using WhyNot = std::function<std::string(const net::IpAddress&)>;

  // All references must outlive it.
  Discovery(Policies& policies, dns::Resolver& resolver, net::Loop& loop, WhyNot why_not);
  ~Discovery() override;
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  // The policy of `domain` (an A-label name in lower case), for mail that goes there now. A policy
  // that is known and that its TXT record still announces is the answer once that has been looked
  // up, which the resolver's cache shortens; else the policy is fetched first, for a minute at
  // most. Nothing that fails here stops mail: then the answer is the policy that is known, or none.
  // `done` never runs from within this call, and may destroy the query. Destroying the query
  // cancels it; a fetch goes on.
  [[nodiscard]] dns::QueryHandle find(const std::string& domain,
                                      std::function<void(const Finding&)> done);

  // What is known at once, for reports.
  Finding known(const std::string& domain) const { return policies_.known(domain); }

  // Fetches some of the policies that are in use and old. To be called about once a minute, on one
  // worker.
  void refresh_some();

 private:
  class Search;
  using Searches = std::list<Search*>;

  // Policies::Waiter
  void ended(const std::string& domain) override;

  void answer_all(const std::string& domain);
  void begin_fetch(const std::string& domain);
  void fetch(const std::string& domain, const dns::AddressAnswer& answer);

  Policies& policies_;
  dns::Resolver& resolver_;
  net::Loop& loop_;
  const WhyNot why_not_;
  std::unordered_map<std::string, Searches> waiting_;  // for the end of a fetch
  // For the addresses of policy hosts.
  std::unordered_map<std::string, dns::QueryHandle> queries_;
  const Alive alive_;
  const Alive::Token token_ = alive_.token();
};

}  // namespace signpost::mta_sts
