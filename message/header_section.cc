#include "message/header_section.h"

#include "base/ascii.h"
#include "message/header_line.h"

#include <algorithm>

namespace signpost::message {

namespace {

constexpr std::string_view kCrlf = "\r\n";

HeaderField make_field(std::string_view raw) {
  HeaderField field;
  field.raw = raw;
  field.name = raw.substr(0, field_name_length(raw));
  field.value = raw.substr(raw.find(':') + 1);
  if (field.value.ends_with(kCrlf)) field.value.remove_suffix(kCrlf.size());
  return field;
}

}  // namespace

bool HeaderField::is(std::string_view other_name) const {
  return ascii::equals_ignore_case(name, other_name);
}

HeaderSection HeaderSection::parse(std::string_view content) {
  HeaderSection section;
  section.fields_.reserve(16);
  std::size_t field_start = 0;
  std::size_t position = 0;
  const auto end_field = [&] {
    if (position > field_start) {
      section.fields_.push_back(make_field(content.substr(field_start, position - field_start)));
    }
    field_start = position;
  };
  while (position < content.size()) {
    const std::size_t found = content.find(kCrlf, position);
    const std::size_t line_end = std::min(found, content.size());
    const std::size_t next = std::min(line_end + kCrlf.size(), content.size());
    const LineKind kind = line_kind(content.substr(position, line_end - position));
    if (kind == LineKind::Blank) {
      end_field();
      section.text_ = content.substr(0, position);
      section.body_ = content.substr(next);
      return section;
    }
    if (kind == LineKind::Other || (kind == LineKind::Fold && position == 0)) {
      end_field();
      section.text_ = content.substr(0, position);
      section.body_ = content.substr(position);
      section.malformed_ = true;
      return section;
    }
    if (kind == LineKind::Field) end_field();
    position = next;
  }
  end_field();
  section.text_ = content;
  return section;
}

std::size_t HeaderSection::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](const HeaderField& field) { return field.is(name); }));
}

const HeaderField* HeaderSection::first(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields_, [&](const HeaderField& field) { return field.is(name); });
  return found == fields_.end() ? nullptr : &*found;
}

std::string unfold(std::string_view value) {
  value = ascii::trim(value);
  std::string out;
  out.reserve(value.size());
  while (!value.empty()) {
    const std::size_t fold = value.find(kCrlf);
    out += value.substr(0, fold);
    if (fold == std::string_view::npos) break;
    value.remove_prefix(fold + kCrlf.size());
  }
  return out;
}

}  // namespace signpost::message
