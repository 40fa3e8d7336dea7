#include "dkim/field_index.h"

#include "base/ascii.h"

#include <algorithm>
#include <cstdint>

namespace signpost::dkim {

namespace {

// Its length and first letters, without regard to case.
std::uint64_t key_of(std::string_view name) {
  constexpr std::size_t kLetters = 7;
  std::uint64_t key = std::min<std::size_t>(name.size(), 0xff);
  for (std::size_t i = 0; i < kLetters; ++i) {
    key = key << 8 | (i < name.size() ? static_cast<std::uint8_t>(ascii::to_lower(name[i])) : 0u);
  }
  return key;
}

// An order of names that have the same key.
bool before(std::string_view a, std::string_view b) {
  return std::ranges::lexicographical_compare(
      a, b, [](char x, char y) { return ascii::to_lower(x) < ascii::to_lower(y); });
}

std::string_view name_of(const FieldIndex::Entry& entry) { return entry.field->name; }

std::uint64_t initial(std::string_view name) {
  const auto letter = name.empty() ? 0u : static_cast<unsigned>(ascii::to_lower(name.front()));
  return std::uint64_t{1} << ((name.size() * 13 + letter) % 64);
}

}  // namespace

FieldIndex::FieldIndex(const message::HeaderSection& header, const message::HeaderField* excluded) {
  entries_.reserve(header.fields().size());
  for (const message::HeaderField& field : header.fields()) {
    if (&field == excluded) continue;
    entries_.push_back({key_of(field.name), &field});
    initials_ |= initial(field.name);
  }
  std::ranges::sort(entries_, [](const Entry& a, const Entry& b) {
    if (a.key != b.key) return a.key < b.key;
    if (before(name_of(a), name_of(b))) return true;
    return !before(name_of(b), name_of(a)) && a.field > b.field;  // one array: the last one first
  });
}

FieldIndex::Instances FieldIndex::find(std::string_view name) const {
  if ((initials_ & initial(name)) == 0) return {{}, 0};
  auto found = std::ranges::equal_range(entries_, key_of(name), {}, &Entry::key);
  const auto is_name = [&](const Entry& entry) {
    return ascii::equals_ignore_case(name_of(entry), name);
  };
  const bool all =
      found.empty() || (is_name(found.front()) && (found.size() == 1 || is_name(found.back())));
  if (!all) {
    found = std::ranges::equal_range(found, name, before, name_of);
  }
  return {{found.begin(), found.end()}, static_cast<std::size_t>(found.begin() - entries_.begin())};
}

}  // namespace signpost::dkim
