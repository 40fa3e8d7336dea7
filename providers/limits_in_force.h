// Which limits hold for a receiver: the [[destination]] tables' and its provider's.
#pragma once

#include "config/config.h"
#include "providers/providers.h"

#include <string>
#include <string_view>

namespace signpost::providers {

struct LimitsInForce {
  const config::DestinationConfig* table = nullptr;  // the first that applies; null: none
  std::string_view pattern;                          // of the table, that says so
  Limits limits;                                     // nothing: the relay's own default
  Limits of_table;                                   // those of them that the table sets
  // With whom the receiver shares connections and rate: "google", "mx:*.mail.example.net"; "" if
  // they are its own.
  std::string group;

  // "*" is every receiver of which nothing better is known.
  bool is_singled_out() const { return table != nullptr && pattern != "*"; }
  bool is_by_exchanger() const { return pattern.starts_with(config::kMxPrefix); }
};

// `domain`: of the recipients, in A-labels and lower case. `exchanger`: the first of its MX hosts,
// "" if none is involved; `provider`: whose it is, null if it is nobody's. `config` must outlive
// the result.
//
// A table that names the domain or the exchanger comes before the provider, "*" after it. One that
// limits connections or rate of a domain takes it out of the provider's group; one that limits MX
// hosts makes a group of its own.
LimitsInForce limits_in_force(const config::Config& config, std::string_view domain,
                              std::string_view exchanger, const Provider* provider);

}  // namespace signpost::providers
