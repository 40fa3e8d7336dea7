// What a file holds instead of a private key or a certificate in PEM (RFC 7468).
#pragma once

#include <string_view>

namespace signpost::pem {

// What `text` is instead and how to fix that, to be read after the file's name: "is DER;
// convert it with …". "" when that is unknown. Meant for a file that could not be used: judges
// by labels and by the first octets, and says nothing about a correct one.
std::string_view instead_of_private_key(std::string_view text);
std::string_view instead_of_certificate(std::string_view text);

}  // namespace signpost::pem
