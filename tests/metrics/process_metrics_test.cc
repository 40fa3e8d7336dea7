#include "metrics/process_metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

namespace signpost::metrics {
namespace {

class ProcessMetrics : public testing::Test {
 protected:
  ProcessMetrics() { add_process_metrics(registry_); }

  double value(const std::string& name) const {
    const std::string text = "\n" + registry_.text();
    const std::size_t at = text.find("\n" + name + " ");
    EXPECT_NE(at, std::string::npos) << name;
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 2));
  }

  Registry registry_;
};

TEST_F(ProcessMetrics, CountsOpenFiles) {
  const double before = value("process_open_fds");
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(value("process_open_fds"), before + 1);
  ::close(fd);
  EXPECT_GE(value("process_max_fds"), before);
}

TEST_F(ProcessMetrics, KnowsWhenTheProcessBegan) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_LE(value("process_start_time_seconds"), now + 1);
  EXPECT_GT(value("process_start_time_seconds"), now - 3600);
}

TEST_F(ProcessMetrics, CpuTimeGrowsAndMemoryIsInUse) {
  const double before = value("process_cpu_seconds_total");
  EXPECT_GE(before, 0);
  EXPECT_GE(value("process_cpu_seconds_total"), before);
  EXPECT_GT(value("process_resident_memory_bytes"), 1e6);
  EXPECT_GE(value("process_virtual_memory_bytes"), value("process_resident_memory_bytes"));
}

}  // namespace
}  // namespace signpost::metrics
