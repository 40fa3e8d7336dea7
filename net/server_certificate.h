// Whether a certificate serves a server: its keys, signatures, purpose, and the order of its chain.
#pragma once

#include "net/certificate.h"

#include <string>

namespace signpost::net {

// Why TLS cannot be spoken with it at all: a key that is too short or of a kind that clients do not
// know, a signature that they no longer accept; "" if it can. With the remedy.
std::string unusable_certificate(const Certificate& certificate);

// Why clients that verify it refuse it as a server's (RFC 5280 sections 4.2.1.3 and 4.2.1.12); ""
// if they do not.
std::string purpose_problem(const Certificate& certificate);

// Which certificate does not come right before its issuer (RFC 5246 section 7.4.2), although the
// issuer is in the file; "" if they are in order.
std::string order_problem(const Certificate& certificate);

}  // namespace signpost::net
