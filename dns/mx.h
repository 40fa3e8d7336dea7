// Mail exchangers of a domain (RFC 5321 section 5.1, RFC 7505).
#pragma once

#include "dns/answer.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace signpost::dns {

struct MxAnswer {
  enum class Outcome {
    Hosts,      // deliver to `hosts`, those of one preference in any order
    NullMx,     // "MX 0 .": the domain takes no mail (RFC 7505): 5.1.10
    Unusable,   // its MX records name no mail server, `detail` says what they name: 5.4.4
    NxDomain,   // 5.1.2
    Temporary,  // SERVFAIL, time-out, …: try again later, never fall back to A and AAAA
  };
  Outcome outcome = Outcome::Temporary;
  bool implicit = false;  // no MX records: `hosts` is the domain itself (preference 0)
  // By preference and name, whatever the order of the records: the same set each time. At most
  // kMaxHosts, some of each preference; no literals, "localhost" or null MX beside others.
  std::vector<MxHost> hosts;
  std::string detail;           // for the log and for reports
  bool authenticated = false;   // DNSSEC proves the records, or that there are none: answer.h
  std::chrono::seconds ttl{0};  // how long the answer may be reused: answer.h
};

inline constexpr std::size_t kMaxHosts = 20;

// The hosts of MX records, in the order of MxAnswer::hosts.
MxAnswer order_mail_exchangers(std::vector<MxHost> hosts);

// Drops our own name and every host of the same or a larger preference value (RFC 5321 section
// 5.1). An empty result means that mail for this domain loops back to us: 5.4.6.
void remove_self(std::vector<MxHost>& hosts, const std::string& own_hostname);

}  // namespace signpost::dns
