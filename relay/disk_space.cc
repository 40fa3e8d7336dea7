#include "relay/disk_space.h"

#include "config/units.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <array>

namespace signpost::relay {

namespace {

// As df -H has it: "11.7 GB".
std::string rounded_size(std::uint64_t octets) {
  constexpr std::array kUnits{"B", "KB", "MB", "GB", "TB", "PB"};
  constexpr double kStep = 1000;
  auto size = static_cast<double>(octets);
  std::size_t unit = 0;
  for (; size >= kStep && unit + 1 < kUnits.size(); ++unit) size /= kStep;
  return size >= 100 || unit == 0 ? fmt::format("{:.0f} {}", size, kUnits.at(unit))
                                  : fmt::format("{:.1f} {}", size, kUnits.at(unit));
}

}  // namespace

std::optional<DiskSpace> disk_space(const std::string& directory, double free_share,
                                    std::uint64_t free_bytes) {
  struct statvfs facts{};
  if (statvfs(directory.c_str(), &facts) != 0) return std::nullopt;
  DiskSpace space;
  space.free = std::uint64_t{facts.f_bavail} * facts.f_frsize;
  space.all = std::uint64_t{facts.f_blocks} * facts.f_frsize;
  space.needed = free_bytes != 0
                     ? free_bytes
                     : static_cast<std::uint64_t>(static_cast<double>(space.all) * free_share);
  return space;
}

std::string disk_shortage(const std::string& directory, const config::LimitsConfig& limits) {
  const auto space = disk_space(directory, limits.disk_free_share, limits.disk_free_bytes);
  if (!space || space->free >= space->needed) return "";
  const std::string needed =
      limits.disk_free_bytes != 0
          ? rounded_size(space->needed)
          : fmt::format("{} ({})", config::share_text(limits.disk_free_share),
                        rounded_size(space->needed));
  return fmt::format(
      "{} has {} free of {}, less than the {} to be kept: mail is refused with 452 until there is "
      "more; make "
      "room, or write a smaller limits.disk_free",
      directory, rounded_size(space->free), rounded_size(space->all), needed);
}

}  // namespace signpost::relay
