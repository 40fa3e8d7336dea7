// What the DNS demands of a host's TLS: DANE for SMTP (RFC 7672 section 2.2), as pure functions.
#pragma once

#include "dns/views.h"
#include "net/tlsa.h"

#include <cstdint>
#include <string>
#include <vector>

namespace signpost::delivery {

struct Dane {
  enum class Demand : std::uint8_t {
    None,        // DNSSEC proves no TLSA record: only the policy of the configuration counts
    Encryption,  // it proves some, and none of them is usable: TLS with any certificate
    Proof,       // TLS with a certificate that fits one of `records`
    Unknown,     // the look-up failed, perhaps because somebody has an interest in that: the host
                 // is not to be used
  };
  Demand demand = Demand::None;
  std::string base_domain{};               // Proof: whose records they are; Unknown: those wanted
  std::vector<net::TlsaRecord> records{};  // Proof: usable ones, in one order whatever the answer's
  std::string detail{};                    // Unknown: why
  friend bool operator==(const Dane&, const Dane&) = default;
};

// Where the TLSA records of a host may be, the first that has any counts: at the name at the end of
// its aliases and at its own, if DNSSEC proves its addresses; else nowhere.
std::vector<std::string> tlsa_base_domains(const std::string& host,
                                           const dns::AddressAnswer& addresses);

// Whether `host` may have records although nothing proves its addresses: it is an alias that leads
// into a zone without DNSSEC, and the alias itself may be proven.
bool may_be_proven_alias(const dns::AddressAnswer& addresses);

// "_25._tcp.mx.example"
std::string tlsa_name(std::uint16_t port, const std::string& base_domain);

Dane dane_at(const std::string& base_domain, const dns::TlsaAnswer& answer);

}  // namespace signpost::delivery
