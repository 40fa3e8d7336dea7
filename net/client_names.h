// Whom the certificate of a client names.
#pragma once

#include <string>
#include <vector>

struct x509_st;

namespace signpost::net {

// Its e-mail addresses (rfc822Name of subjectAltName), or without any its common name, if there is
// one; never a name with control characters, which may be cut short elsewhere. Whether the
// certificate proves anything is not looked at.
std::vector<std::string> client_names(const x509_st& certificate);

}  // namespace signpost::net
