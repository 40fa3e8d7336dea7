// Preloaded into a program, makes its disk fail on command: while the file that SIGNPOST_BAD_DISK
// names is there, each fdatasync(2) and fsync(2) answers EIO.
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

bool is_bad() {
  const char* const flag = std::getenv("SIGNPOST_BAD_DISK");
  return flag != nullptr && ::access(flag, F_OK) == 0;
}

int sync_with(const char* call, int fd) {
  if (is_bad()) {
    errno = EIO;
    return -1;
  }
  return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, call))(fd);
}

}  // namespace

extern "C" int fdatasync(int fd) { return sync_with("fdatasync", fd); }
extern "C" int fsync(int fd) { return sync_with("fsync", fd); }
