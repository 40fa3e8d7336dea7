// Small files that people edit: read whole, replaced atomically.
#pragma once

#include "base/result.h"

#include <functional>
#include <string>
#include <string_view>

namespace signpost::config {

// The whole file, at most 16 MiB; regular files only, since reading a pipe may wait for ever. The
// error's detail is "cannot be read: …", without the path; its code is NotFound if there is no such
// file.
Result<std::string> read_text_file(const std::string& path);

// The secret in `path`: its one line, without blanks around it. Every reader of a secret uses this,
// so that a trailing blank or newline never makes two ends disagree. The detail has no path.
Result<std::string> read_secret_file(const std::string& path);

// Fails when anyone but the owner and the group of `path` (symbolic links followed) may read or
// write it; the detail, without the path, says what to do. What cannot be examined or is no file
// passes: its reader reports why.
Result<void> check_private(const std::string& path);

// Creates `path` with mode 0600 and `text`, on disk when this returns. An existing file is refused.
Result<void> create_private_file(const std::string& path, std::string_view text);

// Replaces `path` by what `edit` makes of its text ("" if there is no such file): a new file beside
// it, written to disk and renamed, so that a crash leaves the old one or the new one. Owner, group
// and the group's right to read are kept; no one else may read it. A symbolic link is followed.
// Concurrent edits in one folder wait for each other.
Result<void> edit_private_file(const std::string& path,
                               const std::function<Result<std::string>(const std::string&)>& edit);

}  // namespace signpost::config
