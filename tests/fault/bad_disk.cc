// Preloaded into a program, makes the queue's disk fail on command. While the file that
// SIGNPOST_BAD_DISK names exists, its words say how:
//
//   sync EIO        fsync(2) and fdatasync(2) fail so
//   write ENOSPC    write(2) and pwrite(2) to files of a folder named "queue" fail so;
//                   also EIO, EROFS
//   stall           a sync does not return until the file is gone or changes
//   stall-data      the same, of the store's data files only: its log goes on
//   slow 100        each sync takes this many milliseconds longer
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

struct Trouble {
  std::string what;
  std::string how;
};

Trouble trouble() {
  Trouble trouble;
  const char* const file = std::getenv("SIGNPOST_BAD_DISK");
  if (file == nullptr || ::access(file, F_OK) != 0) return trouble;
  std::ifstream(file) >> trouble.what >> trouble.how;
  return trouble;
}

int fails_with(std::string_view name) {
  errno = name == "ENOSPC" ? ENOSPC : name == "EROFS" ? EROFS : EIO;
  return -1;
}

template <typename Function>
Function real(const char* call) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, call));
}

std::string path_of(int fd) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return {path, size > 0 ? static_cast<std::size_t>(size) : 0};
}

bool is_data_file(int fd) {
  const std::string path = path_of(fd);
  return path.ends_with(".sst") || path.ends_with(".blob");
}

int sync_with(const char* call, int fd) {
  Trouble now = trouble();
  if (now.what == "sync") return fails_with(now.how);
  if (now.what == "slow")
    std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(now.how)));
  while (now.what == "stall" || (now.what == "stall-data" && is_data_file(fd))) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    now = trouble();
  }
  return real<int (*)(int)>(call)(fd);
}

bool is_queue_file(int fd) { return path_of(fd).find("/queue/") != std::string::npos; }

bool write_fails(int fd) {
  const Trouble now = trouble();
  if (now.what != "write" || !is_queue_file(fd)) return false;
  fails_with(now.how);
  return true;
}

}  // namespace

extern "C" int fdatasync(int fd) { return sync_with("fdatasync", fd); }
extern "C" int fsync(int fd) { return sync_with("fsync", fd); }

extern "C" ssize_t write(int fd, const void* octets, std::size_t size) {
  if (write_fails(fd)) return -1;
  return real<ssize_t (*)(int, const void*, std::size_t)>("write")(fd, octets, size);
}

extern "C" ssize_t pwrite64(int fd, const void* octets, std::size_t size, off64_t at) {
  if (write_fails(fd)) return -1;
  return real<ssize_t (*)(int, const void*, std::size_t, off64_t)>("pwrite64")(fd, octets, size,
                                                                               at);
}

extern "C" ssize_t pwrite(int fd, const void* octets, std::size_t size, off_t at) {
  return pwrite64(fd, octets, size, at);
}
