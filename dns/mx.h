// Mail exchangers of a domain (RFC 5321 section 5.1, RFC 7505).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace signpost::dns {

struct MxHost {
  std::uint16_t preference = 0;
  std::string host;  // lower case, no trailing dot
  friend bool operator==(const MxHost&, const MxHost&) = default;
};

struct MxAnswer {
  enum class Outcome {
    Hosts,      // deliver to `hosts`, in this order
    NullMx,     // "MX 0 .": the domain takes no mail (RFC 7505): 5.1.10
    NxDomain,   // 5.1.2
    Temporary,  // SERVFAIL, time-out, …: try again later, never fall back to A
  };
  Outcome outcome = Outcome::Temporary;
  bool implicit = false;  // no MX records: `hosts` is the domain itself (preference 0)
  // By preference, those of one preference in random order, freshly shuffled for each answer. At
  // most kMaxHosts. Hosts that are address literals or "localhost" are left out; a null MX beside
  // others is ignored.
  std::vector<MxHost> hosts;
  std::string detail;  // for the log
};

inline constexpr std::size_t kMaxHosts = 20;

// `hosts` as the records gave them -> the order in which to try them. Pure, for tests.
MxAnswer order_mail_exchangers(std::vector<MxHost> hosts);

// Drops our own name and everything of the same or a larger preference value (RFC 5321 section
// 5.1). An empty result means that mail for this domain loops back to us: 5.4.6.
void remove_self(std::vector<MxHost>& hosts, const std::string& own_hostname);

}  // namespace signpost::dns
