// The event log: one line an event, on stderr, as text or JSON with the same keys.
//
// log() may be called from any thread and never blocks it on a slow reader: a line goes to a
// bounded queue that one thread writes out, and what does not fit is counted and reported as an
// event `log_dropped` when there is room again. Text from peers is made printable here, so that
// no caller can forget it.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace signpost::log {

enum class Level { Debug, Info, Warning, Error };
enum class Format { Text, Json };

struct Options {
  Level level = Level::Info;
  Format format = Format::Text;
  int fd = 2;
  std::size_t queue_bytes = 4 << 20;
};

// One `key=value`. The views must live until log() returns. An empty string value is left out.
struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, bool> value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

// Starts the writer thread. Before start() and after stop() lines are written directly. start()
// may be called again (a reload): the new options hold from then on.
void start(const Options& options);
void stop();  // writes what is queued, then joins the thread

bool enabled(Level level) noexcept;
void log(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  log(Level::Info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  log(Level::Warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  log(Level::Error, event, fields);
}
inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::Debug)) log(Level::Debug, event, fields);
}

std::uint64_t dropped();  // lines lost because the reader was too slow

// The line without its line end, as log() would write it. For tests and for the writer.
std::string format_line(Format format, Level level, std::string_view time, std::string_view event,
                        std::initializer_list<Field> fields);

}  // namespace signpost::log
