// What can be known of a configuration that is not valid TOML: its plain lines `key = "value"`.
#pragma once

#include "base/log.h"

#include <string>

namespace signpost::config {

// For the lines that report the file's mistake. Text if it does not say, or there is no file.
log::Format log_format_of_broken(const std::string& path);

// Where the relay's admin socket is, for a command that has to reach the relay nevertheless; with
// neither admin.socket nor data_dir, in the data folder's default. "": nowhere, or the file cannot
// be read.
std::string admin_socket_of_broken(const std::string& path);

}  // namespace signpost::config
