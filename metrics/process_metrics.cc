#include "metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <system_error>

namespace signpost::metrics {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Memory {
  double all = 0;
  double resident = 0;
};

// proc(5): statm has pages.
Memory memory() {
  std::ifstream file("/proc/self/statm");
  Memory read;
  file >> read.all >> read.resident;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  return {read.all * page, read.resident * page};
}

double open_files() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  double count = 0;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  return count > 0 ? count - 1 : 0;  // one is the folder's
}

double max_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                         : static_cast<double>(limit.rlim_cur);
}

// proc(5): the 22nd field of stat has it in ticks since the machine started; the second one is a
// name that may hold blanks and ends with the last parenthesis.
double start_time() {
  constexpr int kFieldsBetween = 19;
  std::ifstream file("/proc/self/stat");
  std::string stat((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t name_end = stat.rfind(')');
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (name_end == std::string::npos) return now;
  std::size_t at = name_end + 1;
  for (int field = 0; field < kFieldsBetween && at != std::string::npos; ++field) {
    at = stat.find(' ', at + 1);
  }
  if (at == std::string::npos) return now;
  const double started =
      std::strtod(stat.c_str() + at, nullptr) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const double age = static_cast<double>(since_boot.tv_sec) +
                     static_cast<double>(since_boot.tv_nsec) / 1e9 - started;
  return now - age;
}

}  // namespace

void add_process_metrics(Registry& registry) {
  registry.add_counter(process::kCpu, {}, cpu_seconds);
  registry.add_gauge(process::kResident, {}, [] { return memory().resident; });
  registry.add_gauge(process::kVirtual, {}, [] { return memory().all; });
  registry.add_gauge(process::kOpenFiles, {}, open_files);
  registry.add_gauge(process::kMaxFiles, {}, max_files);
  registry.add_gauge(process::kStart, {}, [started = start_time()] { return started; });
}

}  // namespace signpost::metrics
