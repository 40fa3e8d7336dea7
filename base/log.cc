#include "base/log.h"

#include "base/ascii.h"
#include "base/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace signpost::log {

namespace {

constexpr std::chrono::milliseconds kGather{10};
constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody is there to be told
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// One queue, one writer thread. The mutex is held for an append or a swap, never for a write.
class Writer {
 public:
  static Writer& instance() {
    static Writer writer;
    return writer;
  }

  void start(const Options& options) {
    const std::lock_guard lock(mutex_);
    options_ = options;
    level_.store(options.level, std::memory_order_relaxed);
    format_.store(options.format, std::memory_order_relaxed);
    if (!thread_.joinable()) {
      stopping_ = false;
      thread_ = std::thread([this] { run(); });
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      if (!thread_.joinable()) return;
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    thread_ = std::thread();
  }

  ~Writer() { stop(); }

  bool enabled(Level level) const noexcept {
    return level >= level_.load(std::memory_order_relaxed);
  }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (!enabled(level)) return;
    std::string line =
        format_line(format_.load(std::memory_order_relaxed), level, timestamp(), event, fields);
    line += '\n';
    bool was_empty = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || !thread_.joinable()) {  // in this order: stop() joins without the mutex
        write_all(options_.fd, line);
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
  // The part that changes once a second is kept.
  static std::string timestamp() {
    thread_local std::chrono::sys_seconds kept{};
    thread_local std::string text;
    const SystemTime now = system_now();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    if (text.empty() || seconds != kept) {
      kept = seconds;
      text = fmt::format("{:%FT%T}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
    }
    return fmt::format("{}.{:06}Z", text, (now - seconds).count());
  }

  void run() {
    std::string writing;
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
      // Lines come in bursts: one write for each of them would cost more than to format it.
      wake_.wait_for(lock, kGather, [this] { return stopping_; });
      const bool last = pending_.empty();
      writing.swap(pending_);
      const Options options = options_;
      lock.unlock();
      write_all(options.fd, writing);
      writing.clear();
      report_dropped(options);
      if (last) return;
      lock.lock();
    }
  }

  void report_dropped(const Options& options) {
    const std::uint64_t lost = dropped();
    if (lost == reported_) return;
    write_all(options.fd, format_line(options.format, Level::Warning, timestamp(), "log_dropped",
                                      {{"lines", lost - reported_}}) +
                              "\n");
    reported_ = lost;
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  Options options_;      // guarded by mutex_
  std::string pending_;  // guarded by mutex_
  bool stopping_ = false;
  std::thread thread_;
  std::uint64_t reported_ = 0;  // lines lost and told of; the writer thread's
  std::atomic<Level> level_{Level::Info};
  std::atomic<Format> format_{Format::Text};
  std::atomic<std::uint64_t> dropped_{0};
};

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// Graphic ASCII that neither format escapes: nearly all that is ever logged.
bool is_plain(std::string_view text) {
  return text.size() <= 512 && std::ranges::all_of(text, [](char c) {
           return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '=';
         });
}

bool needs_quotes(std::string_view text) {
  return text.find_first_of(" \"=") != std::string_view::npos;
}

struct Separator {
  Format format;
  void operator()(std::string& out, std::string_view key) const {
    if (format == Format::Json) {
      out += ",\"";
      out += key;
      out += "\":";
    } else {
      out += ' ';
      out += key;
      out += '=';
    }
  }
};

void append_text(std::string& out, Format format, std::string_view text) {
  if (is_plain(text)) {
    if (format == Format::Json) out += '"';
    out += text;
    if (format == Format::Json) out += '"';
    return;
  }
  const std::string safe = ascii::printable(text, 2048);
  if (format == Format::Json || needs_quotes(safe)) {
    append_json_string(out, safe);
  } else {
    out += safe;
  }
}

}  // namespace

std::string format_line(Format format, Level level, std::string_view time, std::string_view event,
                        std::initializer_list<Field> fields) {
  std::string out;
  out.reserve(512);
  const std::string_view level_name = kLevels[static_cast<int>(level)];
  if (format == Format::Json) {
    fmt::format_to(std::back_inserter(out), R"({{"time":"{}","level":"{}","event":"{}")", time,
                   level_name, event);
  } else {
    fmt::format_to(std::back_inserter(out), "{} {} {}", time, level_name, event);
  }
  const Separator separate{format};
  for (const Field& field : fields) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      if (text->empty()) continue;
      separate(out, field.key);
      append_text(out, format, *text);
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      separate(out, field.key);
      fmt::format_to(std::back_inserter(out), "{}", *number);
    } else {
      separate(out, field.key);
      out += std::get<bool>(field.value) ? "true" : "false";
    }
  }
  if (format == Format::Json) out += '}';
  return out;
}

void start(const Options& options) { Writer::instance().start(options); }
void stop() { Writer::instance().stop(); }
bool enabled(Level level) noexcept { return Writer::instance().enabled(level); }
std::uint64_t dropped() { return Writer::instance().dropped(); }

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  Writer::instance().log(level, event, fields);
}

}  // namespace signpost::log
