#include "message/single_fields.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace signpost::message {

namespace {

constexpr std::size_t kMaxAddresses = 1000;  // of a list that is joined
constexpr std::size_t kMostRepeats = 20;     // more are a clash: joining copies

enum class Kind {
  AddressList,  // two are joined
  Single,       // two must say the same
  Lenient,      // of two that differ all stay: receivers take them
};

struct Known {
  std::string_view name;
  Kind kind;
};

// From is not among them: ContentBuilder refuses two in any case.
constexpr std::array<Known, 13> kKnown{{{"To", Kind::AddressList},
                                        {"Cc", Kind::AddressList},
                                        {"Reply-To", Kind::AddressList},
                                        {"Sender", Kind::Single},
                                        {"Subject", Kind::Single},
                                        {"Date", Kind::Single},
                                        {"Message-ID", Kind::Single},
                                        {"In-Reply-To", Kind::Single},
                                        {"References", Kind::Single},
                                        {"MIME-Version", Kind::Lenient},
                                        {"Content-Type", Kind::Lenient},
                                        {"Content-Transfer-Encoding", Kind::Lenient},
                                        {"Content-Disposition", Kind::Lenient}}};

const Known* find_known(std::string_view name) {
  const auto found = std::ranges::find_if(
      kKnown, [&](const Known& known) { return ascii::equals_ignore_case(known.name, name); });
  return found == kKnown.end() ? nullptr : &*found;
}

bool is_empty(const HeaderField& field) { return ascii::trim(field.value).empty(); }

bool is_address_list(std::string_view value) { return mailboxes(value, kMaxAddresses).has_value(); }

}  // namespace

SingleFields::SingleFields(const HeaderSection& section) {
  std::array<const HeaderField*, kKnown.size()> firsts{};
  for (const HeaderField& field : section.fields()) {
    const Known* const known = find_known(field.name);
    if (known == nullptr) continue;
    const HeaderField*& first = firsts.at(static_cast<std::size_t>(known - kKnown.data()));
    if (first == nullptr || is_empty(*first)) {
      if (first != nullptr) replace(*first, "");
      first = &field;
    } else if (changed_.size() >= kMostRepeats) {
      clash_ = {first, &field};
      return;
    } else if (is_empty(field) || unfold(first->value) == unfold(field.value)) {
      replace(field, "");
    } else if (known->kind == Kind::AddressList && is_address_list(first->value) &&
               is_address_list(field.value)) {
      join(*first, field);
    } else if (known->kind != Kind::Lenient && !clash_) {
      clash_ = {first, &field};
    }
  }
}

void SingleFields::join(const HeaderField& first, const HeaderField& other) {
  std::string joined(instead_of(first).value_or(first.raw));
  joined.resize(joined.find_last_not_of("\r\n") + 1);
  joined.append(",\r\n ").append(ascii::trim(other.value)).append("\r\n");
  replace(first, std::move(joined));
  replace(other, "");
}

void SingleFields::replace(const HeaderField& field, std::string raw) {
  const auto found =
      std::ranges::find(changed_, &field, &std::pair<const HeaderField*, std::string>::first);
  if (found != changed_.end()) {
    found->second = std::move(raw);
  } else {
    changed_.emplace_back(&field, std::move(raw));
  }
}

std::optional<std::string_view> SingleFields::instead_of(const HeaderField& field) const {
  const auto found =
      std::ranges::find(changed_, &field, &std::pair<const HeaderField*, std::string>::first);
  if (found == changed_.end()) return {};
  return found->second;
}

}  // namespace signpost::message
