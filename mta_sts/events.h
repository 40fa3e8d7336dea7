// What is reported of MTA-STS policies.
#pragma once

#include "base/event.h"
#include "mta_sts/finding.h"
#include "mta_sts/policy.h"

#include <cstdint>
#include <string_view>

namespace signpost::mta_sts::events {

struct MtaStsPolicy {
  std::string_view domain{};
  Mode mode = Mode::None;
  std::string_view policy_id{};
  std::uint64_t hosts = 0;
  std::int64_t max_age = 0;
  static constexpr auto kEvent = log::describe(
      "mta_sts_policy", log::Level::Info,
      "The MTA-STS policy of a domain was fetched (RFC 8461), for the first time, with a change, "
      "or "
      "again after a failure.",
      log::field("domain", &MtaStsPolicy::domain, "Whose policy it is."),
      log::field("mode", &MtaStsPolicy::mode, "What it asks for."),
      log::field("policy_id", &MtaStsPolicy::policy_id, "The id in its TXT record."),
      log::field("hosts", &MtaStsPolicy::hosts, "How many patterns of MX hosts it has."),
      log::field("max_age", &MtaStsPolicy::max_age,
                 "For how many seconds it holds, whatever happens to its host."));
};

struct MtaStsPolicyFailed {
  std::string_view domain{};
  Fault fault = Fault::None;
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "mta_sts_policy_failed", log::Level::Info,
      "The MTA-STS policy that a domain announces cannot be fetched. One that is known from before "
      "stays in force until its max_age; without one, mail goes as if there were none. Logged once "
      "for each reason.",
      log::field("domain", &MtaStsPolicyFailed::domain, "Whose policy it is."),
      log::field("fault", &MtaStsPolicyFailed::fault, "What kind of failure it is."),
      log::field("detail", &MtaStsPolicyFailed::detail, "The reason in words."));
};

struct MtaStsPoliciesLost {
  std::string_view file{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "mta_sts_policies_lost", log::Level::Warning,
      "The file of known MTA-STS policies cannot be used. After a restart they are fetched again "
      "when mail goes to their domains.",
      log::field("file", &MtaStsPoliciesLost::file, "The file."),
      log::field("detail", &MtaStsPoliciesLost::detail, "The reason in words."));
};

}  // namespace signpost::mta_sts::events
