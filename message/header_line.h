// What one line is within a header section (RFC 5322 section 2.2).
#pragma once

#include <cstddef>
#include <string_view>

namespace signpost::message {

enum class LineKind {
  Blank,  // ends the section
  Field,  // a field name, a colon
  Fold,   // begins with a blank or tab: belongs to the field before it
  Other,  // anything else: content without its blank line, or not mail at all
};

// `line` is without its line end.
LineKind line_kind(std::string_view line);

// The length of the field name at the start of `line`, 0 if there is none. Blanks between the name
// and the colon (RFC 5322 section 4.5) are not part of it.
std::size_t field_name_length(std::string_view line);

}  // namespace signpost::message
