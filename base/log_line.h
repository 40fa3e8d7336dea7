// One line of the event log: its level, its fields and its text, and the call that logs it.
#pragma once

#include "base/clock.h"

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace signpost::log {

enum class Level { Debug, Info, Warning, Error };
constexpr std::array<std::string_view, 4> texts_of(Level) {
  return {"debug", "info", "warning", "error"};
}
enum class Format { Text, Json };

// One `key=value`. The views must live until log() returns. Empty strings and absent values are
// left out.
struct Field {
  using Value = std::variant<std::monostate, std::string_view, std::int64_t, bool, SystemTime>;

  std::string_view key;
  Value value;

  Field(std::string_view k, Value v) : key(k), value(v) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

// The line without its line end. `time` is written as it is, and left out of text if empty; text
// from peers is made printable.
std::string format_line(Format format, Level level, std::string_view time, std::string_view event,
                        std::span<const Field> fields);
inline std::string format_line(Format format, Level level, std::string_view time,
                               std::string_view event, std::initializer_list<Field> fields) {
  return format_line(format, level, time, event, std::span(fields.begin(), fields.size()));
}

// Hands a line to the log (log.h), which drops those below the level that it was started with. Any
// thread. Events are logged through emit() (event.h).
bool enabled(Level level) noexcept;
void log(Level level, std::string_view event, std::span<const Field> fields);
inline void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  log(level, event, std::span(fields.begin(), fields.size()));
}

}  // namespace signpost::log
