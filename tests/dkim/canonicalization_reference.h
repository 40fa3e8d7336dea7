// RFC 6376 section 3.4 word by word, one step after the other and without regard to speed: the
// code in use is compared with this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signpost::dkim::reference {

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

inline std::string without_blanks_at_end(std::string line) {
  while (!line.empty() && is_blank(line.back())) line.pop_back();
  return line;
}

inline std::string with_single_blanks(const std::string& line) {
  std::string out;
  for (const char c : line) {
    if (!is_blank(c)) {
      out += c;
    } else if (out.empty() || out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

// Lines without their CRLF. A last line without CRLF counts as one with it (section 3.4.3: "If
// there is no trailing CRLF on the message body, a CRLF is added").
inline std::vector<std::string> lines_of(std::string_view body) {
  std::vector<std::string> lines;
  while (!body.empty()) {
    const std::size_t end = body.find("\r\n");
    lines.emplace_back(body.substr(0, end));
    body = end == std::string_view::npos ? std::string_view() : body.substr(end + 2);
  }
  return lines;
}

inline std::string join_without_empty_lines_at_end(std::vector<std::string> lines) {
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  std::string out;
  for (const std::string& line : lines) out += line + "\r\n";
  return out;
}

inline std::string simple_body(std::string_view body) {
  const std::string out = join_without_empty_lines_at_end(lines_of(body));
  return out.empty() ? "\r\n" : out;
}

inline std::string relaxed_body(std::string_view body) {
  std::vector<std::string> lines = lines_of(body);
  for (std::string& line : lines) line = with_single_blanks(without_blanks_at_end(line));
  return join_without_empty_lines_at_end(lines);
}

// `raw` is a field with its colon.
inline std::string relaxed_field(std::string_view raw) {
  std::string name(raw.substr(0, raw.find(':')));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  std::string value;
  for (const std::string& line : lines_of(raw.substr(raw.find(':') + 1))) value += line;
  value = without_blanks_at_end(with_single_blanks(value));
  if (value.starts_with(' ')) value.erase(0, 1);
  return without_blanks_at_end(name) + ":" + value + "\r\n";
}

}  // namespace signpost::dkim::reference
