// What a log line costs the thread that logs: formatted, and handed to the writer.
#include "base/log.h"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace signpost::log {
namespace {

constexpr std::string_view kTime = "2026-01-01T00:00:00.000Z";

void format_log_line(benchmark::State& state, Format format) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(format_line(format, Level::Info, kTime, "delivered",
                                         {{"queue_id", "0123456789abcdef"},
                                          {"domain", "recipient.example"},
                                          {"host", "mx1.recipient.example"},
                                          {"address", "192.0.2.17:25"},
                                          {"tls", "TLSv1.3"},
                                          {"delay_ms", 1234},
                                          {"reply", "250 2.0.0 Ok: queued as 4d8Xs21Jz9z1c"}}));
  }
}
BENCHMARK_CAPTURE(format_log_line, text, Format::Text);
BENCHMARK_CAPTURE(format_log_line, json, Format::Json);

// Through the queue to a writer that takes everything.
void write_log_line(benchmark::State& state) {
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null < 0) std::abort();
  start({.level = Level::Info, .format = Format::Json, .fd = null});
  for (auto _ : state) {
    log(Level::Info, "delivered",
        {{"queue_id", "0123456789abcdef"},
         {"domain", "recipient.example"},
         {"reply", "250 2.0.0 Ok: queued as 4d8Xs21Jz9z1c"}});
  }
  stop();
  close(null);
  state.counters["dropped"] = static_cast<double>(dropped());
}
BENCHMARK(write_log_line);

}  // namespace
}  // namespace signpost::log
