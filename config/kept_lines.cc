#include "config/kept_lines.h"

#include "config/text_file.h"

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

namespace signpost::config {

std::optional<std::string_view> cut(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return {};
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at + 1);
  return front;
}

Result<void> read_lines(std::string_view text, std::string_view title, std::string_view what,
                        const std::function<bool(std::string_view line)>& read) {
  if (cut(text, '\n') != title) {
    return fail(Errc::InvalidArgument, fmt::format("is not a file of {}", what));
  }
  for (std::size_t number = 2; !text.empty(); ++number) {
    const auto line = cut(text, '\n');
    if (!line || !read(*line)) {
      return fail(Errc::InvalidArgument, fmt::format("line {} is damaged", number));
    }
  }
  return {};
}

Result<std::optional<std::string>> read_kept_file(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return std::optional<std::string>();
  auto text = read_text_file(file);
  if (!text) return Failure(std::move(text).error());
  return std::optional<std::string>(std::move(*text));
}

}  // namespace signpost::config
