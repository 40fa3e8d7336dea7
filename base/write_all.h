// Writes all of a text to a file descriptor.
#pragma once

#include <string_view>

namespace signpost {

// Any thread. Blocks as long as the descriptor does. False when not all of it was written, and
// errno says why: the start of it may be there.
bool write_all(int fd, std::string_view bytes);

}  // namespace signpost
