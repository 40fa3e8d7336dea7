// What one connection to a receiver showed of TLS, for the reports that its domain may want
// (RFC 8460).
#pragma once

#include "mta_sts/finding.h"
#include "net/tls.h"
#include "net/tlsa.h"
#include "tlsrpt/result.h"

#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {

struct TlsOutcome {
  struct Fault {
    tlsrpt::ResultType type = tlsrpt::ResultType::ValidationFailure;
    std::string detail;
  };
  std::string mx;
  std::string address;  // without the port
  std::string source;   // our own; "" if that is not known
  std::string helo;     // the name in the host's greeting
  // TLSA records that the host is held to, and the name that has them; "" if there are none.
  std::string tlsa_domain{};
  std::vector<net::TlsaRecord> tlsa{};
  std::optional<net::TlsTrust> reached{};  // nothing: it is in clear, or there is none
  std::optional<Fault> fault{};            // of the TLS start, or of the certificate
};

// As `domain` is told, whose MTA-STS policy is as found: a success if the connection is what the
// policy in force wants of it, DANE before MTA-STS; without any policy, TLS with any certificate.
// Pure.
tlsrpt::Session session_of(const std::string& domain, const mta_sts::Finding& finding,
                           const TlsOutcome& outcome);

// What a certificate that proves nothing is called.
tlsrpt::ResultType result_of(net::TlsFault fault);

}  // namespace signpost::delivery
