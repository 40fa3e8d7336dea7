// Text, ours and others', made safe for a delivery status notification.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::message {

// One line of at most `limit` octets: line ends and tabs become blanks, what is not printable (nor
// UTF-8 with `utf8`, nor ASCII without) becomes \xHH, a cut is marked with "...".
std::string clean_text(std::string_view text, bool utf8, std::size_t limit = 500);

// Appends `text` as lines of at most 72 octets where its words allow, each after `indent`.
void append_wrapped(std::string& out, std::string_view indent, std::string_view text);

}  // namespace signpost::message
