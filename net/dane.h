// Which TLSA records a client can check a certificate by, and checking it by them (RFC 7671).
#pragma once

#include "net/tlsa.h"

#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace signpost::net {

// Whether a certificate can be checked by it: DANE-TA or DANE-EE, with fields and data that make
// sense together. Mail is not bound to the authorities of the web, so that the PKIX usages mean
// nothing here (RFC 7672 section 3.1.3). Pure.
bool is_usable(const TlsaRecord& record);

// Has the connections of a client's context take TLSA records. False if OpenSSL is out of memory.
bool enable_dane(ssl_ctx_st* context);

// Has the server's certificate checked by the usable ones of `records`, instead of by trusted
// authorities. False if there is none. Forgets names that were to be verified. REQUIRES:
// `connection` is of such a context, and has not begun
bool expect_tlsa(ssl_st* connection, const std::vector<TlsaRecord>& records);

// Whether a record fits what the server showed. REQUIRES: expect_tlsa() said yes, and the handshake
// is done
bool fits_tlsa(ssl_st* connection);

}  // namespace signpost::net
