// Small files that people edit: read whole, replaced in one step.
#pragma once

#include "base/result.h"

#include <functional>
#include <string>
#include <string_view>

namespace signpost::config {

// The whole file, at most 16 MiB. The error's detail is "cannot be read: …", without the path.
Result<std::string> read_text_file(const std::string& path);

// Fails when others than the owner and the group of `path` (behind symbolic links) may read or
// write it, with what to do about it; a file that cannot be examined is left to whoever reads it.
Result<void> check_private(const std::string& path);

// Creates `path` with mode 0600 and `text`, on disk when this returns. An existing file is refused.
Result<void> create_private_file(const std::string& path, std::string_view text);

// Replaces `path` by what `edit` makes of its text ("" if there is no such file): a new file beside
// it, written to disk and renamed, so that a crash leaves the old one or the new one. Owner, group
// and the group's right to read are kept; nobody else may read it. A symbolic link is followed.
// Runs that edit files of one folder wait for each other.
Result<void> edit_private_file(const std::string& path,
                               const std::function<Result<std::string>(const std::string&)>& edit);

}  // namespace signpost::config
