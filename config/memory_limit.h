// How much memory this process may use before the kernel kills it.
#pragma once

#include <cstdint>
#include <string>

namespace signpost::config {

// The smallest of the machine's memory, the process's own limit (ulimit -v), and the limits of the
// control groups that this process is in (version 2 and version 1). `root` is put before "/proc"
// and "/sys": for tests.
std::uint64_t memory_limit(const std::string& root = "");

}  // namespace signpost::config
