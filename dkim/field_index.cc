#include "dkim/field_index.h"

#include "base/ascii.h"

#include <algorithm>

namespace signpost::dkim {

namespace {

// An order of names, without regard to case. Lengths first: most names differ in them.
bool before(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = ascii::to_lower(a[i]);
    const char y = ascii::to_lower(b[i]);
    if (x != y) return x < y;
  }
  return false;
}

std::uint64_t initial(std::string_view name) {
  const auto letter = name.empty() ? 0u : static_cast<unsigned>(ascii::to_lower(name.front()));
  return std::uint64_t{1} << ((name.size() * 13 + letter) % 64);
}

}  // namespace

FieldIndex::FieldIndex(const message::HeaderSection& header, const message::HeaderField* excluded) {
  fields_.reserve(header.fields().size());
  for (const message::HeaderField& field : header.fields()) {
    if (&field == excluded) continue;
    fields_.push_back(&field);
    initials_ |= initial(field.name);
  }
  std::ranges::sort(fields_, [](const message::HeaderField* a, const message::HeaderField* b) {
    if (before(a->name, b->name)) return true;
    return !before(b->name, a->name) && a > b;  // they are in one array: the last one first
  });
}

FieldIndex::Instances FieldIndex::find(std::string_view name) const {
  if ((initials_ & initial(name)) == 0) return {{}, 0};
  const auto found = std::ranges::equal_range(
      fields_, name, before, [](const message::HeaderField* field) { return field->name; });
  return {{found.begin(), found.end()}, static_cast<std::size_t>(found.begin() - fields_.begin())};
}

}  // namespace signpost::dkim
