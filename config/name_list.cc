#include "config/name_list.h"

#include "base/ascii.h"
#include "config/text_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace signpost::config {

Result<std::vector<std::string>> parse_name_list(
    std::string_view text, ValueResult<std::string> (*parse)(std::string_view)) {
  std::vector<std::string> names;
  std::size_t number = 0;
  for (const std::string_view line : ascii::split(text, '\n')) {
    ++number;
    const std::string_view name = ascii::trim(line);
    if (name.empty() || name.front() == '#') continue;
    auto parsed = parse(name);
    if (!parsed) {
      return fail(Errc::InvalidArgument, fmt::format("line {}: {}", number, parsed.error().what));
    }
    names.push_back(std::move(*parsed));
  }
  std::ranges::sort(names);
  const auto [first, last] = std::ranges::unique(names);
  names.erase(first, last);
  return names;
}

Result<std::vector<std::string>> read_name_list(
    const std::string& path, ValueResult<std::string> (*parse)(std::string_view)) {
  const auto text = read_text_file(path);
  if (!text) return Failure(text.error());
  return parse_name_list(*text, parse);
}

}  // namespace signpost::config
