// Octets above 127, looked for in every octet of every message.
#pragma once

#include <string_view>

namespace signpost::message {

bool has_eight_bit(std::string_view bytes);

}  // namespace signpost::message
