// What is known of a domain's MTA-STS policy.
#pragma once

#include "mta_sts/policy.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace signpost::mta_sts {

// Why the last fetch of a policy brought none.
enum class Fault : std::uint8_t {
  None,
  FetchFailed,  // its host cannot be found or reached, or responds with something else than 200
  Invalid,      // what it serves is not a policy
  WebPki,       // its certificate does not prove it
};
constexpr std::array<std::string_view, 4> texts_of(Fault) {
  return {"none", "fetch_failed", "invalid", "web_pki"};
}

struct Finding {
  // In force; its mode may be None. Null: none is known, and mail goes as if there were none.
  std::shared_ptr<const Policy> policy;
  // Of the last fetch, if that was a few minutes ago. A policy may be in force all the same: an
  // earlier one, until its max_age has passed.
  Fault fault = Fault::None;
  std::string detail{};  // the fault in words
};

}  // namespace signpost::mta_sts
