#include "mta_sts/record.h"

#include "base/ascii.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace signpost::mta_sts {

namespace {

constexpr std::size_t kLongestName = 32;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && ascii::is_alnum(text.front()) &&
         std::ranges::all_of(
             text, [](char c) { return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool is_value(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '='; });
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && ascii::is_wsp(text.front())) text.remove_prefix(1);
  while (!text.empty() && ascii::is_wsp(text.back())) text.remove_suffix(1);
  return text;
}

// What follows the version and its ";"; nothing if the text is no such record.
std::optional<std::string_view> after_version(std::string_view text) {
  constexpr std::string_view kVersion = "v=STSv1";
  if (!text.starts_with(kVersion)) return {};
  text.remove_prefix(kVersion.size());
  text = trim_blanks(text);
  if (!text.starts_with(';')) return {};
  return text.substr(1);
}

// "" if they are not of the form.
std::string id_of(std::string_view fields) {
  std::string id;
  const auto all = ascii::split(fields, ';');
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string_view field = trim_blanks(all[i]);
    if (field.empty() && i + 1 == all.size()) break;  // a ";" at the end
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return "";
    const std::string_view name = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (!is_name(name) || !is_value(value)) return "";
    if (name != "id" || !id.empty()) continue;
    if (!is_id(value)) return "";
    id = value;
  }
  return id;
}

}  // namespace

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, ascii::is_alnum);
}

Record read_record(const std::vector<std::string>& texts) {
  std::optional<std::string_view> only;
  for (const std::string& text : texts) {
    const auto fields = after_version(text);
    if (!fields) continue;
    if (only) return {.state = Record::State::Broken, .id = {}};
    only = fields;
  }
  if (!only) return {};
  std::string id = id_of(*only);
  if (id.empty()) return {.state = Record::State::Broken, .id = {}};
  return {.state = Record::State::Published, .id = std::move(id)};
}

}  // namespace signpost::mta_sts
