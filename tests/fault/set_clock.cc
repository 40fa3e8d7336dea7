// Preloaded into a program, sets its calendar clock: the file that SIGNPOST_CLOCK names says by how
// many seconds it is wrong. Steady time is not affected.
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

#include <cstdlib>
#include <fstream>

namespace {

time_t wrong_by() {
  static const char* const file = std::getenv("SIGNPOST_CLOCK");
  long long seconds = 0;
  if (file != nullptr) std::ifstream(file) >> seconds;
  return static_cast<time_t>(seconds);
}

template <typename Function>
Function real(const char* call) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, call));
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) {
  static const auto next = real<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = next(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += wrong_by();
  }
  return result;
}

extern "C" int gettimeofday(timeval* now, void* zone) {
  static const auto next = real<int (*)(timeval*, void*)>("gettimeofday");
  const int result = next(now, zone);
  if (result == 0) now->tv_sec += wrong_by();
  return result;
}

extern "C" time_t time(time_t* into) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}
