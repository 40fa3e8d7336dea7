#include "config/memory_limit.h"

#include "base/ascii.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>

namespace signpost::config {

namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// Of the process (ulimit -v).
std::uint64_t process_memory() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kNoLimit;
  return limit.rlim_cur;
}

std::uint64_t machine_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return kNoLimit;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
}

// The number in `file`; no limit when there is none ("max") or no such file.
std::uint64_t limit_in(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) return kNoLimit;
  std::uint64_t limit = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), limit);
  return error == std::errc() ? limit : kNoLimit;
}

// A group is also bound by the limits of its parents: from `group` up to the mount itself.
// In a container the group's name may be that of the host: then only the mount's own file exists.
std::uint64_t limit_on_way_up(const std::string& mount, std::string group, const char* file) {
  std::uint64_t limit = kNoLimit;
  for (;;) {
    limit = std::min(limit, limit_in(mount + group + "/" + file));
    if (group.empty()) return limit;
    group.erase(std::min(group.rfind('/'), group.size()));
  }
}

bool has_controller(std::string_view list, std::string_view controller) {
  return std::ranges::count(ascii::split(list, ','), controller) > 0;
}

}  // namespace

std::uint64_t memory_limit(const std::string& root) {
  std::uint64_t limit = std::min(machine_memory(), process_memory());
  std::ifstream groups(root + "/proc/self/cgroup");
  // "hierarchy:controllers:/path", with no controllers in version 2.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers =
        std::string_view(line).substr(first + 1, second - first - 1);
    std::string group = line.substr(second + 1);
    if (group == "/") group.clear();
    if (!group.empty() && group.front() != '/') continue;
    if (controllers.empty()) {
      limit = std::min(limit, limit_on_way_up(root + "/sys/fs/cgroup", group, "memory.max"));
    } else if (has_controller(controllers, "memory")) {
      limit = std::min(
          limit, limit_on_way_up(root + "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return limit;
}

}  // namespace signpost::config
