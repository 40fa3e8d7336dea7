// TLSA records: what the DNS says of a server's certificate (RFC 6698, RFC 7671).
#pragma once

#include <cstdint>
#include <string>

namespace signpost::net {

// As it was published; the fields may have any value.
struct TlsaRecord {
  std::uint8_t usage = 0;     // 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE
  std::uint8_t selector = 0;  // 0 the certificate, 1 its public key
  std::uint8_t matching = 0;  // 0 the octets themselves, 1 their SHA-256, 2 their SHA-512
  std::string data;           // octets
  friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

}  // namespace signpost::net
