#include "base/log.h"

#include "base/clock.h"
#include "base/log_events.h"
#include "base/mutex.h"
#include "base/utc.h"
#include "base/write_all.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace signpost::log {

namespace {

constexpr std::chrono::milliseconds kGather{10};
// Time to write queued lines when the log stops.
constexpr std::chrono::seconds kStopLimit{2};

void write_line(int fd, std::string_view line) {
  (void)write_all(fd, line);  // nobody can be notified
}

// As in RFC 5424 section 6.2.1.
int syslog_priority(Level level) {
  switch (level) {
    case Level::Debug:
      return 7;
    case Level::Info:
      return 6;
    case Level::Warning:
      return 4;
    case Level::Error:
      return 3;
  }
  return 6;
}

// One queue, one writer thread. The mutex is held for an append or a swap, never for a write.
class Writer {
 public:
  // Never destroyed: a thread that hangs in a write may come back at any time.
  static Writer& instance() {
    static Writer& writer = *new Writer;
    static const AtExit stops(writer);
    return writer;
  }

  void start(const Options& options) {
    const MutexLock lock(mutex_);
    options_ = options;
    level_.store(options.level, std::memory_order_relaxed);
    format_.store(options.format, std::memory_order_relaxed);
    to_journal_.store(options.to_journal, std::memory_order_relaxed);
    if (ended_) {
      stopping_ = false;
      ended_ = false;
      thread_ = std::thread([this] { run(); });
    }
  }

  void stop() EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      if (ended_ || abandoned_) return;
      stopping_ = true;
      wake_.notify_one();
      const SteadyTime enough = std::chrono::steady_clock::now() + kStopLimit;
      while (!ended_ && last_.wait_until(mutex_, enough)) {
      }
      abandoned_ = !ended_;
      if (abandoned_) return thread_.detach();
    }
    thread_.join();
  }

  bool enabled(Level level) const noexcept {
    return level >= level_.load(std::memory_order_relaxed);
  }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  void log(Level level, std::string_view event, std::span<const Field> fields) {
    if (!enabled(level)) return;
    const std::string line =
        whole_line(format_.load(std::memory_order_relaxed),
                   to_journal_.load(std::memory_order_relaxed), level, event, fields);
    bool was_empty = false;
    {
      const MutexLock lock(mutex_);
      if (abandoned_) return;
      if (ended_) {
        write_line(options_.fd, line);
        return;
      }
      if (pending_.size() + line.size() > options_.queue_bytes) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      was_empty = pending_.empty();
      pending_ += line;
    }
    if (was_empty) wake_.notify_one();
  }

 private:
  struct AtExit {
    explicit AtExit(Writer& its) : writer(its) {}
    ~AtExit() { writer.stop(); }
    Writer& writer;
  };

  // The part that changes once a second is kept.
  static std::string timestamp() {
    thread_local std::chrono::sys_seconds kept{};
    thread_local std::string text;
    const SystemTime now = system_now();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    if (text.empty() || seconds != kept) {
      kept = seconds;
      text = utc_text(now);
      text.pop_back();  // the "Z" follows the fraction
    }
    return fmt::format("{}.{:06}Z", text, (now - seconds).count());
  }

  static std::string whole_line(Format format, bool to_journal, Level level, std::string_view event,
                                std::span<const Field> fields) {
    if (!to_journal) return format_line(format, level, timestamp(), event, fields) + '\n';
    return fmt::format(
        "<{}>{}\n", syslog_priority(level),
        format_line(format, level, format == Format::Text ? "" : timestamp(), event, fields));
  }

  void run() {
    std::string writing;
    for (;;) {
      const Options options = take_pending(writing);
      write_line(options.fd, writing);
      writing.clear();
      report_dropped(options);
      const MutexLock lock(mutex_);
      if (!stopping_ || !pending_.empty()) continue;
      ended_ = true;
      last_.notify_all();
      return;
    }
  }

  // Waits for lines, or the end, and moves them to `lines`.
  Options take_pending(std::string& lines) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    while (!stopping_ && pending_.empty()) wake_.wait(mutex_);
    // Lines come in bursts: one write for each of them would cost more than to format it.
    const SteadyTime enough = std::chrono::steady_clock::now() + kGather;
    while (!stopping_ && wake_.wait_until(mutex_, enough)) {
    }
    lines.swap(pending_);
    return options_;
  }

  void report_dropped(const Options& options) {
    const std::uint64_t lost = dropped();
    if (lost == reported_) return;
    using Dropped = events::LogDropped;
    const Field lines{"lines", lost - reported_};
    write_line(options.fd, whole_line(options.format, options.to_journal, Dropped::kEvent.level,
                                      Dropped::kEvent.name, {&lines, 1}));
    reported_ = lost;
  }

  Mutex mutex_;
  ConditionVariable wake_;
  Options options_ GUARDED_BY(mutex_);
  std::string pending_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = true;       // no thread writes: lines are written directly
  bool abandoned_ GUARDED_BY(mutex_) = false;  // it hangs in a write: logging has ended
  ConditionVariable last_;
  std::thread thread_;          // while !ended_; the starting and stopping thread's
  std::uint64_t reported_ = 0;  // lost lines already reported; the writer thread's
  std::atomic<Level> level_{Level::Info};
  std::atomic<Format> format_{Format::Text};
  std::atomic<bool> to_journal_{false};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace

void start(const Options& options) { Writer::instance().start(options); }
void stop() { Writer::instance().stop(); }
bool enabled(Level level) noexcept { return Writer::instance().enabled(level); }
std::uint64_t dropped() { return Writer::instance().dropped(); }

void log(Level level, std::string_view event, std::span<const Field> fields) {
  Writer::instance().log(level, event, fields);
}

}  // namespace signpost::log
