// The policies that are known. Internal to mta_sts/.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "mta_sts/policy.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::mta_sts {

struct KeptPolicy {
  std::shared_ptr<const Policy> policy;
  SystemTime fetched;  // the last time
  SystemTime used;

  // A minute later at least: mail that has waited for the fetch goes by what it brought.
  SystemTime end() const {
    return fetched + std::max<std::chrono::seconds>(policy->max_age, std::chrono::minutes(1));
  }
};

// One thread at a time. Bounded in number and in octets: the least recently used make room, and
// those that have expired do.
class PolicyCache {
 public:
  static constexpr std::size_t kMostPolicies = 20'000;
  // Of names and texts: what is kept fits into a file of the data folder.
  static constexpr std::size_t kMostOctets = 12 << 20;

  PolicyCache() : PolicyCache(kMostPolicies, kMostOctets) {}
  PolicyCache(std::size_t policies, std::size_t octets)
      : most_octets_(octets), policies_(policies) {}

  // Null if none is known, or its max_age has passed. Holds until the next change.
  KeptPolicy* find(std::string_view domain, SystemTime now);
  void keep(const std::string& domain, KeptPolicy kept, SystemTime now);
  // The least recently used first.
  template <typename See>
  void visit(See see) const {
    policies_.visit(see);
  }
  // How many there are, by mode.
  const std::array<std::size_t, 3>& modes() const { return modes_; }

 private:
  using Policies = LruMap<std::string, KeptPolicy, StringHash>;

  void erase(const std::string& domain);
  void make_room(SystemTime now);

  const std::size_t most_octets_;
  std::size_t octets_ = 0;
  std::array<std::size_t, 3> modes_{};
  mutable Policies policies_;  // visit() changes nothing
};

}  // namespace signpost::mta_sts
