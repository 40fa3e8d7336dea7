// What is counted of MTA-STS policies.
#pragma once

#include "metrics/description.h"

#include <string_view>

namespace signpost::mta_sts::metric {

inline constexpr std::string_view kModes[] = {"none", "testing", "enforce"};
inline constexpr metrics::LabelDescription kPolicyLabels[] = {{"mode", kModes}};
inline constexpr metrics::Description kPolicies = {
    "signpost_mta_sts_policies",
    "MTA-STS policies of receivers that are known, by what they ask for. Falls to a few after a "
    "restart: the file that keeps them was lost; see mta_sts_policies_lost in the log.",
    kPolicyLabels};

inline constexpr std::string_view kResults[] = {"ok", "fetch_failed", "invalid", "web_pki"};
inline constexpr metrics::LabelDescription kFetchLabels[] = {{"result", kResults}};
inline constexpr metrics::Description kFetches = {
    "signpost_mta_sts_fetches_total",
    "Fetches of MTA-STS policies. Single failures are the receivers'; investigate when nearly all "
    "fail: HTTPS may not get out from here. mta_sts_policy_failed in the log says why.",
    kFetchLabels};

}  // namespace signpost::mta_sts::metric
