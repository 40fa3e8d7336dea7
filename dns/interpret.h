// What a name server's response means: the rules for status, lifetime and authenticity. Pure.
// Internal to dns/.
#pragma once

#include "dns/answer.h"
#include "dns/question.h"
#include "dns/resolver_options.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signpost::dns {

// `believe_ad`: the AD bit is trusted.
Answer interpret(std::span<const unsigned char> message, RecordType type,
                 const ResolverOptions& options, bool believe_ad);

// Whether the AD bit is trusted when these servers are asked.
bool believes_ad(TrustAd policy, const std::vector<net::SocketAddress>& servers);

// The answer when there is no response to interpret.
Answer temporary_failure(std::string detail, std::chrono::seconds ttl);

// The answer that needs no name server: an address is its own answer, "localhost" is the loopback
// (RFC 6761 section 6.3), and what is not a name does not exist.
std::optional<Answer> known_answer(const Question& question, const ResolverOptions& options);

}  // namespace signpost::dns
