#include "mta_sts/policy_cache.h"

#include <utility>

namespace signpost::mta_sts {

namespace {

std::size_t octets_of(const std::string& domain, const Policy& policy) {
  std::size_t octets = domain.size() + policy.id.size();
  for (const std::string& line : policy.lines) octets += line.size() + 1;
  return octets;
}

}  // namespace

KeptPolicy* PolicyCache::find(std::string_view domain, SystemTime now) {
  KeptPolicy* const kept = policies_.find(domain);
  return kept == nullptr || kept->end() <= now ? nullptr : kept;
}

void PolicyCache::keep(const std::string& domain, KeptPolicy kept, SystemTime now) {
  erase(domain);
  const std::size_t octets = octets_of(domain, *kept.policy);
  if (policies_.size() == policies_.capacity() || octets_ + octets > most_octets_) make_room(now);
  octets_ += octets;
  ++modes_[static_cast<std::size_t>(kept.policy->mode)];
  policies_.insert(domain, std::move(kept));
}

void PolicyCache::erase(const std::string& domain) {
  const KeptPolicy* const kept = policies_.find(domain);
  if (kept == nullptr) return;
  octets_ -= octets_of(domain, *kept->policy);
  --modes_[static_cast<std::size_t>(kept->policy->mode)];
  policies_.erase(domain);
}

// An eighth at once: looking for the oldest is work.
void PolicyCache::make_room(SystemTime now) {
  const std::size_t most = policies_.capacity() - (policies_.capacity() + 7) / 8;
  const std::size_t most_octets = most_octets_ - most_octets_ / 8;
  std::size_t left = policies_.size();
  std::size_t octets = octets_;
  std::vector<std::string> leaving;
  policies_.visit([&](const std::string& domain, const KeptPolicy& kept) {
    if (left <= most && octets <= most_octets && kept.end() > now) return;
    leaving.push_back(domain);
    octets -= octets_of(domain, *kept.policy);
    --left;
  });
  for (const std::string& domain : leaving) erase(domain);
}

}  // namespace signpost::mta_sts
