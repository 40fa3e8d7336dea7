// What the resolver counts.
#pragma once

#include "metrics/instruments.h"

#include <string_view>

namespace signpost::dns::metric {

inline constexpr std::string_view kTypes[] = {"MX", "A", "AAAA", "TXT", "CNAME", "TLSA"};
inline constexpr std::string_view kResults[] = {"ok", "no_data", "nx_domain", "temporary",
                                                "cached"};

inline constexpr metrics::Description kIgnoredAnswers = {
    "signpost_dns_ignored_answers_total",
    "Datagrams from a name server's address that do not repeat the identifier and the question of "
    "a "
    "query under way, octet for octet. Investigate when it rises steadily: somebody may be forging "
    "answers, or a name server changes the case of names."};

inline constexpr metrics::LabelDescription kQueryLabels[] = {{"type", kTypes},
                                                             {"result", kResults}};
inline constexpr metrics::Description kQueries = {
    "signpost_dns_queries_total",
    "Answers to the relay's DNS questions. Investigate when temporary results are more than "
    "a few percent of those that are not cached.",
    kQueryLabels};

inline constexpr metrics::LabelDescription kQuerySecondsLabels[] = {{"type", kTypes}};
inline constexpr metrics::Description kQuerySeconds = {
    "signpost_dns_query_seconds",
    "How long name servers take to answer. Investigate a median above 100 ms: deliveries wait for "
    "it.",
    kQuerySecondsLabels};

}  // namespace signpost::dns::metric
