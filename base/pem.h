// What a file has in it that should have a private key or a certificate in PEM (RFC 7468).
#pragma once

#include <string_view>

namespace signpost::pem {

// What `text` has instead and how to put it right, to be read after the file's name: "is DER;
// convert it with …". "" when it is nothing known. Meant for a file that could not be used: judges
// by labels and by the first octets, and says nothing of a right one.
std::string_view instead_of_private_key(std::string_view text);
std::string_view instead_of_certificate(std::string_view text);

}  // namespace signpost::pem
