#include "config/toml_words.h"

#include "base/ascii.h"
#include "config/toml_nesting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace signpost::config {

namespace {

constexpr std::string_view kQuotes = "\"'";
constexpr std::size_t kShown = 60;  // octets of the file in a message

// The line with the mistake, and the mistake's place in it.
struct Line {
  std::string_view text;  // without its end
  std::size_t at = 0;     // octets before the mistake; text.size() at the line's end

  char mistake() const { return at < text.size() ? text[at] : '\n'; }
};

// Columns count characters.
std::size_t octets_of(std::string_view text, unsigned characters) {
  std::size_t at = 0;
  while (characters > 0 && at < text.size()) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
    --characters;
  }
  return at;
}

Line line_at(std::string_view text, unsigned line, unsigned column) {
  for (unsigned number = 1; number < line; ++number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return {text, octets_of(text, column == 0 ? 0 : column - 1)};
}

std::string shown_plain(std::string_view text) { return ascii::printable(text, kShown); }

// `key = ` before the mistake; "" where the line has none.
std::string_view key_of(std::string_view line) {
  const std::size_t end = line.find_first_of("=:\"' \t", line.find_first_not_of(" \t"));
  return ascii::trim(line.substr(0, end));
}

// What stands where a value should be: in a list one item, else all up to a comment.
std::string_view value_at(const Line& line) {
  const std::size_t equals = line.text.find('=');
  if (equals != std::string_view::npos && equals < line.at) {
    std::string_view value = ascii::trim(line.text.substr(equals + 1));
    if (!value.starts_with('[') && !value.starts_with('{')) {
      return ascii::trim(value.substr(0, value.find('#')));
    }
  }
  constexpr std::string_view kEnds = ",[]{}=#";
  const std::size_t before =
      line.at == 0 ? std::string_view::npos : line.text.find_last_of(kEnds, line.at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return ascii::trim(line.text.substr(begin, line.text.find_first_of(kEnds, begin) - begin));
}

// Typographic quotes, as some editors and pages write them.
std::string_view without_quotes(std::string_view value) {
  constexpr std::array<std::string_view, 8> kMarks{"\"",     "'",      "\u201c", "\u201d",
                                                   "\u2018", "\u2019", "\u201e", "`"};
  for (const std::string_view mark : kMarks) {
    if (value.starts_with(mark)) value.remove_prefix(mark.size());
    if (value.ends_with(mark)) value.remove_suffix(mark.size());
  }
  return value;
}

// "007" as "7", "-02.5" as "-2.5".
std::string without_leading_zeros(std::string_view number) {
  std::string text;
  if (number.starts_with('-') || number.starts_with('+')) {
    text = number.front();
    number.remove_prefix(1);
  }
  while (number.size() > 1 && number.front() == '0' && ascii::is_digit(number[1])) {
    number.remove_prefix(1);
  }
  return text + std::string(number);
}

// What is wrong with a value of digits, signs and dots; "" if it is none or is meant as a text.
std::string number_words(std::string_view value, std::string_view complaint) {
  constexpr std::string_view kNumeric = "+-_.eE";
  const auto is_numeric = [&](char c) { return ascii::is_digit(c) || kNumeric.contains(c); };
  if (!std::ranges::all_of(value, is_numeric) || !std::ranges::any_of(value, ascii::is_digit)) {
    return "";
  }
  const std::string number = shown_plain(value);
  if (complaint.contains("leading zero")) {
    return fmt::format("{}: a number has no leading zeros; write {}", number,
                       shown_plain(without_leading_zeros(value)));
  }
  if (complaint.contains("representable")) {
    return fmt::format("{} is too large a number; write one of at most 18 digits", number);
  }
  if (value.contains('_')) return fmt::format("{}: write the number without _", number);
  if (value.starts_with('.') || value.ends_with('.')) {
    return fmt::format("{}: a decimal number has digits before and after its dot", number);
  }
  return "";
}

std::string unquoted_value(const Line& line, std::string_view complaint) {
  const std::string_view value = value_at(line);
  if (value.empty()) return "a value is missing";
  if (auto words = number_words(value, complaint); !words.empty()) return words;
  if (value.front() == '=') return "one = is enough; remove the second";
  if (value.size() > 1 && value.back() == ';') return "nothing may follow a value; remove the ;";
  const std::string word = ascii::lower(value);
  const auto is_one_of = [&](auto... words) { return ((word == words) || ...); };
  if (is_one_of("true", "yes", "on")) return fmt::format("{}: write true", shown_plain(value));
  if (is_one_of("false", "no", "off")) return fmt::format("{}: write false", shown_plain(value));
  const std::string_view inner = without_quotes(value);
  const std::string right = shown_plain(inner);
  if (inner.size() == value.size()) {
    return fmt::format("{} is not in quotes; write \"{}\"", right, right);
  }
  if (kQuotes.contains(value.back()) && !kQuotes.contains(value.front())) {
    return fmt::format("the quote before {} is missing; write \"{}\"", right, right);
  }
  return fmt::format("{} has other marks than \"; write \"{}\"", right, right);
}

std::string unended_text(const Line& line) {
  if (line.at >= line.text.size()) {
    return "a quote is opened in this line and not closed; write the closing one";
  }
  return "a character that cannot be in a text; remove it, or write it as in \"\\u0001\"";
}

bool is_header(const Line& line) { return ascii::trim(line.text).starts_with('['); }

// A table's header with brackets that do not match, or with something in them that is no name.
std::string wrong_header(const Line& line) {
  const std::string_view text = ascii::trim(line.text.substr(0, line.text.find('#')));
  const std::size_t begin = std::min(text.find_first_not_of("[ \t"), text.size());
  const std::size_t end = std::min(text.find_first_of(" \t],;=", begin), text.size());
  const std::string name = shown_plain(text.substr(begin, end - begin));
  if (name.empty()) return "a table without a name; write one into the brackets, as in [tls]";
  if (name.starts_with('.') || name.ends_with('.') || name.contains("..")) {
    return fmt::format("{}: a part of the name is missing beside its dot", name);
  }
  const auto opened = std::ranges::count(text.substr(0, begin), '[');
  const auto closed = std::ranges::count(text.substr(end), ']');
  if (opened == 0) {
    return closed > 1 ? fmt::format("the brackets before {0} are missing; write [[{0}]]", name)
                      : fmt::format("the bracket before {0} is missing; write [{0}]", name);
  }
  if (opened == 1 && closed > 1) {
    return fmt::format("the brackets do not match; write [{0}], or [[{0}]] if it may be repeated",
                       name);
  }
  return opened > 1 ? fmt::format("the brackets do not match; write [[{}]]", name)
                    : fmt::format("the brackets do not match; write [{}]", name);
}

std::string missing_equals(const Line& line) {
  const std::string_view text = ascii::trim(line.text);
  if (line.mistake() == ']') return wrong_header(line);
  if (!text.empty() && kQuotes.contains(text.front())) {
    return fmt::format(
        "{} is not followed by = and a value; an item of a list belongs between its [ and ]",
        shown_plain(text.substr(0, text.find(text.front(), 1) + 1)));
  }
  const std::string key = shown_plain(key_of(line.text));
  if (line.mistake() == ':')
    return fmt::format("a key is followed by =, not by :; write {} =", key);
  return fmt::format("{} is not followed by = and a value; write {} = …, or # before a comment",
                     key, key);
}

std::string no_value(const Line& line) {
  if (!line.text.contains('=')) return missing_equals(line);
  if (line.mistake() == '=') return "one = is enough; remove the second";
  return fmt::format("{} has no value; write one after the =", shown_plain(key_of(line.text)));
}

std::string repeated(const Line& line, std::string_view complaint) {
  const std::string_view text = ascii::trim(line.text);
  if (text.starts_with('[')) {
    const std::string name = shown_plain(text.substr(0, text.find('#')));
    if (complaint.contains("array-of-tables")) {
      return fmt::format(
          "{} after a table of that name in single brackets; write double ones for "
          "each",
          name);
    }
    return fmt::format(
        "{} appears twice; write all of its keys under the first one, or [[…]] for "
        "each where several are allowed",
        name);
  }
  return fmt::format("{} is written twice; keep one", shown_plain(key_of(line.text)));
}

std::string after_value(const Line& line) {
  const std::string rest = shown_plain(line.text.substr(std::min(line.at, line.text.size())));
  if (line.mistake() == ']' && is_header(line)) return wrong_header(line);
  if (is_header(line)) {
    return fmt::format("only a # comment may follow a table's name in its line, not \"{}\"", rest);
  }
  switch (line.mistake()) {
    case ',':
      return "several values need brackets, as in [\"a\", \"b\"]; a single one has no comma";
    case '/':
    case ';':
      return "nothing may follow a value; a comment begins with #";
    case ']':
    case '}':
      return fmt::format("{} closes nothing; remove it", line.mistake());
    default:
      return fmt::format(
          "nothing may follow a value in its line: \"{}\"; write one key in each "
          "line, and a text in one pair of quotes",
          rest);
  }
}

std::string not_a_line(const Line& line) {
  switch (line.mistake()) {
    case '/':
    case ';':
      return "a comment begins with #";
    case '{':
    case '<':
      return "this is not TOML; see etc/signpost.toml for an example";
    case '=':
      return "the key before = is missing";
    case ']':
    case '}':
      return fmt::format("{} closes nothing; remove it", line.mistake());
    default:
      return fmt::format("\"{}\" is neither a key, nor a [table], nor a # comment",
                         shown_plain(line.text.substr(line.at)));
  }
}

std::string wrong_escape(std::string_view complaint) {
  if (complaint.contains("unicode")) {
    return "\\u is followed by the 4, \\U by the 8 hexadecimal digits of a character; write \\\\ "
           "for a "
           "backslash, or put the text into '…'";
  }
  const std::size_t from = complaint.find('\\');
  const std::string escape(from == std::string_view::npos ? "" : complaint.substr(from, 2));
  return fmt::format(
      "{} means nothing inside \"…\"; write \\\\ for a backslash, or put the text "
      "into '…'",
      escape);
}

std::string in_braces(const Line& line, std::string_view complaint) {
  if (line.mistake() == '\n') {
    return "what { opens is closed in the same line; write } at its end, or a [table] with one key "
           "in each line";
  }
  if (complaint.contains("saw comma") || complaint.contains("dangling comma")) {
    return "a key is missing beside the comma; write one, or remove the comma";
  }
  return "the keys between { and } are separated by commas, each with = and a value; write what is "
         "missing before this";
}

// Does it look like the next key or table, rather than like an item of a list?
bool begins_anew(const Line& line) {
  std::string_view text = ascii::trim(line.text);
  const auto is_name = [](char c) {
    return ascii::is_alnum(c) || std::string_view("_-.").contains(c);
  };
  const bool header = text.starts_with('[');
  text.remove_prefix(std::min(text.find_first_not_of('['), text.size()));
  const std::string_view name(text.begin(), std::ranges::find_if_not(text, is_name));
  if (name.empty() || ascii::is_digit(name.front())) return false;
  const std::string_view rest = ascii::trim(text.substr(name.size()));
  return rest.starts_with(header ? ']' : '=');
}

// Of something that is opened and never closed, which the library notices later.
std::optional<TomlError> never_closed(std::string_view text, TomlPosition place, const Line& line,
                                      std::string_view complaint) {
  using enum TomlOpening::Kind;
  const bool at_end = complaint.contains("end-of-file");
  const auto open = opening_at(text, place);
  if (open && open->kind == InlineTable && !complaint.contains("string")) {
    return TomlError{place, in_braces(line, complaint)};
  }
  if (open && open->kind == LongText && at_end) {
    return TomlError{open->position, fmt::format("a text that begins with {0} is never closed; "
                                                 "write {0} at its end, or one quote at both",
                                                 std::string(3, open->mark))};
  }
  // A table's header would be a list in the list.
  const auto before = begins_anew(line) ? opening_at(text, {place.line, 1}) : std::nullopt;
  const auto& list = before ? before : open;
  if (list && list->kind == List && (before || at_end) && !complaint.contains("string")) {
    return TomlError{list->position, "a list is opened here and never closed; write ] at its end"};
  }
  return std::nullopt;
}

// Each says it in its own way; the first that fits speaks.
std::string words_of(const Line& line, std::string_view complaint) {
  const auto says = [&](std::string_view words) { return complaint.contains(words); };
  if (says("escape sequence") || says("unicode")) return wrong_escape(complaint);
  if (says("parsing comment")) return "a character that cannot be in a comment; remove it";
  if (says("cannot redefine")) return repeated(line, complaint);
  if (says("cannot insert")) {
    return "a table that is written in braces is complete; write the key inside the braces";
  }
  if (says("comment or whitespace")) return after_value(line);
  if (says("parsing string") || says("parsing literal string")) return unended_text(line);
  if (says("parsing table header") || (says("parsing key:") && is_header(line))) {
    return wrong_header(line);
  }
  if (says("parsing key:")) {
    return fmt::format("{}: a part of the key is missing beside its dot",
                       shown_plain(key_of(line.text)));
  }
  if (says("parsing array")) {
    return "the items of a list are separated by commas, and ] ends it; write the comma, quote or "
           "bracket that is missing before this";
  }
  if (says("key-value pair: expected '='")) return missing_equals(line);
  if (says("key-value pair")) return no_value(line);
  if (says("parsing root table")) return not_a_line(line);
  for (const std::string_view kind : {"parsing value", "parsing boolean", "floating-point",
                                      "integer", "parsing time", "parsing date"}) {
    if (says(kind)) return unquoted_value(line, complaint);
  }
  return fmt::format("\"{}\" cannot be understood here",
                     shown_plain(line.text.substr(std::min(line.at, line.text.size()))));
}

}  // namespace

TomlError in_plain_words(std::string_view text, TomlPosition place, std::string_view complaint) {
  const Line line = line_at(text, place.line, place.column);
  if (complaint.contains("utf-8")) return {place, "the file is not UTF-8; save it as UTF-8 text"};
  if (auto error = never_closed(text, place, line, complaint)) return std::move(*error);
  return {place, words_of(line, complaint)};
}

}  // namespace signpost::config
