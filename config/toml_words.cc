#include "config/toml_words.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

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

std::string unquoted_value(const Line& line) {
  const std::string_view value = value_at(line);
  if (value.empty()) return "a value is missing";
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

std::string number_or_text(const Line& line, std::string_view complaint) {
  if (complaint.contains("leading zero")) return "a number has no leading zeros";
  return unquoted_value(line);
}

std::string unended_text(const Line& line) {
  if (line.at >= line.text.size()) {
    return "a quote is opened in this line and not closed; write the closing one";
  }
  return "a character that cannot be in a text; remove it, or write it as in \"\\u0001\"";
}

std::string missing_equals(const Line& line) {
  const std::string key = shown_plain(key_of(line.text));
  if (line.mistake() == ':')
    return fmt::format("a key is followed by =, not by :; write {} =", key);
  return fmt::format("{} is not followed by = and a value; write {} = …, or # before a comment",
                     key, key);
}

std::string unended_header(const Line& line) {
  const std::string_view text = ascii::trim(line.text);
  const std::string name =
      shown_plain(ascii::trim(text.substr(std::min(text.find_first_not_of("[ "), text.size()))));
  const std::string bare = name.substr(0, name.find_first_of(" ]#"));
  return text.starts_with("[[") ? fmt::format("the brackets do not match; write [[{}]]", bare)
                                : fmt::format("the brackets do not match; write [{}]", bare);
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
  switch (line.mistake()) {
    case ',':
      return "several values need brackets, as in [\"a\", \"b\"]; a single one has no comma";
    case '/':
    case ';':
      return "nothing may follow a value; a comment begins with #";
    default:
      return fmt::format(
          "nothing may follow a value in its line: \"{}\"; write one key in each "
          "line, and a text in one pair of quotes",
          shown_plain(line.text.substr(line.at)));
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
    default:
      return fmt::format("\"{}\" is neither a key, nor a [table], nor a # comment",
                         shown_plain(line.text.substr(line.at)));
  }
}

std::string wrong_escape(std::string_view complaint) {
  const std::size_t from = complaint.find('\\');
  const std::string escape(from == std::string_view::npos ? "" : complaint.substr(from, 2));
  return fmt::format(
      "{} means nothing inside \"…\"; write \\\\ for a backslash, or put the text "
      "into '…'",
      escape);
}

}  // namespace

std::string plain_words(std::string_view text, unsigned line_number, unsigned column,
                        std::string_view complaint) {
  const Line line = line_at(text, line_number, column);
  const auto says = [&](std::string_view words) { return complaint.contains(words); };
  if (says("utf-8")) return "the file is not UTF-8; save it as UTF-8 text";
  if (says("unknown escape")) return wrong_escape(complaint);
  if (says("cannot redefine")) return repeated(line, complaint);
  if (says("parsing table header: expected ']'")) return unended_header(line);
  if (says("string")) {
    if (says("control characters")) return unended_text(line);
    if (says("end-of-file")) return "a quote is opened and never closed; write the closing one";
  }
  if (says("parsing array")) {
    return says("end-of-file")
               ? "a list is opened and never closed; write ] at its end"
               : "the items of a list are separated by commas, and ] ends it; write "
                 "the comma, quote or bracket that is missing before this";
  }
  if (says("key-value pair: expected '='")) return missing_equals(line);
  if (says("key-value pair: expected value")) {
    return fmt::format("{} has no value; write one after the =", shown_plain(key_of(line.text)));
  }
  if (says("comment or whitespace")) return after_value(line);
  if (says("parsing root table")) return not_a_line(line);
  for (const std::string_view kind : {"parsing value", "parsing boolean", "parsing floating-point",
                                      "integer", "parsing time", "parsing date"}) {
    if (says(kind)) return number_or_text(line, complaint);
  }
  return ascii::printable(complaint);
}

}  // namespace signpost::config
