#include "config/broken_file.h"

#include "config/config.h"
#include "config/text_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <ranges>
#include <string_view>
#include <system_error>

namespace signpost::config {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Between its quotes; a value that lacks one ends with the line.
std::string_view unquoted(std::string_view value) {
  if (value.empty() || (value.front() != '"' && value.front() != '\'')) {
    return trimmed(value.substr(0, value.find('#')));
  }
  const char quote = value.front();
  value.remove_prefix(1);
  return value.substr(0, value.find(quote));
}

// The first one of `table` ("": before all tables).
std::optional<std::string> value_of(const std::string& text, std::string_view table,
                                    std::string_view key) {
  const std::string header = fmt::format("[{}]", table);
  const std::string dotted = table.empty() ? "" : fmt::format("{}.{}", table, key);
  bool in_table = table.empty();
  bool before_tables = true;
  for (const auto part : std::views::split(text, '\n')) {
    const std::string_view line = trimmed(std::string_view(part));
    if (line.starts_with('[')) {
      in_table = line.starts_with(header);
      before_tables = false;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, equals));
    if ((in_table && name == key) || (before_tables && name == dotted)) {
      return std::string(unquoted(trimmed(line.substr(equals + 1))));
    }
  }
  return std::nullopt;
}

}  // namespace

log::Format log_format_of_broken(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return log::Format::Text;
  const auto format = value_of(*text, "log", "format");
  return format && *format == "json" ? log::Format::Json : log::Format::Text;
}

std::string admin_socket_of_broken(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return "";
  auto socket = value_of(*text, "admin", "socket");
  if (!socket) {
    socket =
        fmt::format("{}/admin.sock", value_of(*text, "", "data_dir").value_or(Config().data_dir));
  }
  if (socket->empty()) return "";
  std::error_code error;
  return std::filesystem::absolute(path, error).parent_path() / *socket;
}

}  // namespace signpost::config
