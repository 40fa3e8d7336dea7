#include "base/log_line.h"

#include "base/ascii.h"
#include "base/enum_texts.h"
#include "base/utc.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace signpost::log {

namespace {

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
                        std::span<const Field> fields) {
  std::string out;
  out.reserve(512);
  const std::string_view level_name = text_of(level);
  if (format == Format::Json) {
    fmt::format_to(std::back_inserter(out), R"({{"time":"{}","level":"{}","event":"{}")", time,
                   level_name, event);
  } else {
    fmt::format_to(std::back_inserter(out), "{}{}{} {}", time, time.empty() ? "" : " ", level_name,
                   event);
  }
  const Separator separate{format};
  for (const Field& field : fields) {
    if (std::holds_alternative<std::monostate>(field.value)) continue;
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      if (text->empty()) continue;
      separate(out, field.key);
      append_text(out, format, *text);
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      separate(out, field.key);
      fmt::format_to(std::back_inserter(out), "{}", *number);
    } else if (const auto* time_value = std::get_if<SystemTime>(&field.value)) {
      separate(out, field.key);
      if (format == Format::Json) out += '"';
      append_utc(out, *time_value);
      if (format == Format::Json) out += '"';
    } else {
      separate(out, field.key);
      out += std::get<bool>(field.value) ? "true" : "false";
    }
  }
  if (format == Format::Json) out += '}';
  return out;
}

}  // namespace signpost::log
