#include "message/mail_loop.h"

#include "base/ascii.h"
#include "message/header_section.h"

#include <algorithm>
#include <optional>

namespace signpost::message {

namespace {

// The clauses of a Received field that are used here (RFC 5321 section 4.4).
struct Clauses {
  std::string_view by;
  std::string_view id;
  std::string_view recipient;  // of "for", without brackets
};

class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  std::optional<std::string_view> next() {
    const std::size_t begin = text_.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    text_.remove_prefix(begin);
    const std::string_view word = text_.substr(0, text_.find_first_of(" \t"));
    text_.remove_prefix(word.size());
    return word;
  }

 private:
  std::string_view text_;
};

std::string_view without(std::string_view text, char first, char last) {
  if (text.starts_with(first)) text.remove_prefix(1);
  if (text.ends_with(last)) text.remove_suffix(1);
  return text;
}

// Of a field written like ours; other fields may give nothing.
Clauses clauses_of(std::string_view line) {
  Clauses clauses;
  // The date's semicolon is at the end of the word before it.
  Words words(line.substr(0, line.rfind(';')));
  while (const auto keyword = words.next()) {
    std::string_view* value = nullptr;
    if (ascii::equals_ignore_case(*keyword, "by")) value = &clauses.by;
    if (ascii::equals_ignore_case(*keyword, "id")) value = &clauses.id;
    if (ascii::equals_ignore_case(*keyword, "for")) value = &clauses.recipient;
    const bool other =
        ascii::equals_ignore_case(*keyword, "from") || ascii::equals_ignore_case(*keyword, "with");
    if (value == nullptr && !other) continue;  // a comment, or a clause of somebody else's
    const auto word = words.next();
    if (word && value != nullptr) *value = *word;
  }
  clauses.recipient = without(clauses.recipient, '<', '>');
  return clauses;
}

}  // namespace

bool is_in_loop(const HeaderSection& section, const LoopFacts& facts) {
  if (facts.host.empty()) return false;
  std::size_t visits = 0;
  for (const HeaderField& field : section.fields()) {
    if (!field.is("Received")) continue;
    const std::string line = unfold(field.value);
    const Clauses clauses = clauses_of(line);
    if (!ascii::equals_ignore_case(clauses.by, facts.host) || !facts.is_own_id(clauses.id)) {
      continue;
    }
    const bool same = std::ranges::any_of(facts.recipients, [&](const std::string& recipient) {
      return ascii::equals_ignore_case(recipient, clauses.recipient);
    });
    if (same || ++visits >= kMostVisits) return true;
  }
  return false;
}

}  // namespace signpost::message
