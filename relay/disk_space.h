// How much of a file system is free, and how much has to stay so (limits.disk_free).
#pragma once

#include "config/config.h"

#include <cstdint>
#include <optional>
#include <string>

namespace signpost::relay {

struct DiskSpace {
  std::uint64_t all = 0;  // octets, of the whole file system
  std::uint64_t free = 0;
  std::uint64_t needed = 0;
};

// `free_bytes` 0: `free_share` of the whole. Nothing if the file system does not say. Any thread.
std::optional<DiskSpace> disk_space(const std::string& directory, double free_share,
                                    std::uint64_t free_bytes);

// Why mail would be refused for lack of space in `directory`, in words for `signpost check`; "" if
// it would not be.
std::string disk_shortage(const std::string& directory, const config::LimitsConfig& limits);

}  // namespace signpost::relay
