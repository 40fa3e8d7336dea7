#include "rocks/disk_room.h"

#include "base/descriptor.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace signpost::rocks {

namespace {

constexpr std::uint64_t kLeastReserve = 1 << 20;
constexpr std::uint64_t kMostReserve = 16 << 20;
constexpr std::size_t kLeast = 1 << 20;  // of each part of the store
// The least that a start writes: manifests, a new log, options.
constexpr std::uint64_t kForOpening = 4 << 20;

std::size_t part(std::uint64_t whole, unsigned parts, std::size_t most) {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(most, std::max<std::uint64_t>(whole / parts, kLeast)));
}

std::string reserve_file(const std::string& directory) { return directory + ".reserve"; }

std::uint64_t reserve_size(const DiskRoom& room) {
  return std::clamp(room.size / 64, kLeastReserve, kMostReserve);
}

}  // namespace

std::optional<DiskRoom> disk_room(const std::string& directory) {
  struct statvfs facts{};
  if (::statvfs(directory.c_str(), &facts) != 0) return {};
  return DiskRoom{.size = std::uint64_t{facts.f_blocks} * facts.f_frsize,
                  .free = std::uint64_t{facts.f_bavail} * facts.f_frsize};
}

Options fit_to_disk(Options options, std::uint64_t disk_size) {
  options.write_buffer_size = part(disk_size, 64, options.write_buffer_size);
  options.max_log_size = part(disk_size, 32, options.max_log_size);
  options.blob_file_size = part(disk_size, 64, options.blob_file_size);
  return options;
}

Options fit_to_room(Options options, const DiskRoom& room, std::uint64_t log_size) {
  // The log is replayed into memtables, and these are written out before it goes.
  if (room.free >= 2 * log_size + kForOpening) return options;
  options.frugal = true;
  options.write_buffer_size =
      std::max<std::size_t>(options.write_buffer_size, 2 * log_size + options.max_log_size);
  options.max_log_size += 2 * log_size;
  return options;
}

void keep_reserve(const std::string& directory) {
  const std::string file = reserve_file(directory);
  if (::access(file.c_str(), F_OK) == 0) return;
  const auto room = disk_room(directory);
  if (!room || room->free < 10 * reserve_size(*room)) return;
  const Descriptor made(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made) return;
  // Real blocks: a file with a hole would reserve nothing.
  if (::posix_fallocate(made.get(), 0, static_cast<off_t>(reserve_size(*room))) != 0) {
    ::unlink(file.c_str());
  }
}

bool use_reserve(const std::string& directory) {
  const auto room = disk_room(directory);
  if (!room || room->free >= reserve_size(*room)) return false;
  std::error_code error;
  return std::filesystem::remove(reserve_file(directory), error);
}

}  // namespace signpost::rocks
