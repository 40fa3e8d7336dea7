#include "tests/dkim/interop/awkward_message.h"

#include <algorithm>
#include <iterator>

namespace signpost::dkim::interop {

namespace {

using Random = std::mt19937;

// Not <random>'s distributions: their results differ between libraries.
std::size_t below(Random& random, std::size_t end) { return random() % end; }
bool one_in(Random& random, std::size_t n) { return below(random, n) == 0; }

template <typename List>
auto any_of(Random& random, const List& list) {
  return list[below(random, std::size(list))];
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (; times > 0; --times) out += text;
  return out;
}

constexpr std::string_view kBodies[] = {
    "",
    "\r\n",
    "\r\n\r\n\r\n\r\n",
    " ",
    " \r\n",
    "\t\r\n \r\n\t \r\n",
    "no line end",
    "blanks and no line end \t ",
    "one line\r\n",
    "one line\r\n\r\n\r\n\r\n\r\n",
    "one line\r\n \r\n\t\r\n  \r\n",
    "\r\n\r\nempty lines first\r\n",
    " \r\n\t\r\nblank lines first\r\n",
    "trailing blanks \t \r\nand more    \r\n",
    "  leading\r\n\tblanks\r\n \t mixed\r\n",
    "a\tb\t\tc  d \t e\r\n",
    ".\r\n..\r\n...\r\n.a\r\n. \r\n",
    ".",
    "..\r\n",
    "From the beginning\r\n>From quoted\r\n",
    "caf\xC3\xA9 na\xC3\xAFve \xE2\x82\xAC\r\n",
    "latin-1: \xE9\xE8\xA0 \xFF\xFE\r\n",
    "no-break blank at the end\xC2\xA0\r\n",
    "form feed \f and vertical tab \v stay\r\n",
    "controls \x01\x02\x1b\x7f stay\r\n",
    "x",
    "=20=\r\nsoft=\r\nbreaks=20\r\n",
    "VGhlIHF1aWNrIGJyb3duIGZveA==\r\n",
    "b=; c: d\r\nDKIM-Signature: v=1\r\n\r\nSubject: in the body\r\n",
};

std::string random_body(Random& random) {
  static constexpr std::string_view kTokens[] = {
      "word",  "a", " ",     "  ",       "\t",  "\r\n", "\r\n", "\r\n\r\n",
      " \r\n", ".", "\r\n.", "\xC3\xBC", "-- ", ",",    "=",    " \t "};
  std::string body;
  for (std::size_t n = below(random, 400); n > 0; --n) body += any_of(random, kTokens);
  if (!one_in(random, 6)) body += "\r\n";
  return body;
}

std::string multipart_body() {
  return "This is a multi-part message.\r\n"
         "--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\nHall\xC3\xB6 dort \r\n\r\n"
         "--=_b\r\nContent-Type: text/html\r\n\r\n<p>Hallo</p>\t\r\n\r\n--=_b--\r\n\r\n\r\n";
}

std::string body_of(Random& random, unsigned number) {
  if (number < std::size(kBodies)) return std::string(kBodies[number]);
  switch (below(random, 10)) {
    case 0:
      return std::string(any_of(random, kBodies));
    case 1:
      return multipart_body();
    case 2:  // beyond what SMTP allows (RFC 5321 section 4.5.3.1.6), and seen all the same
      return std::string(998 + below(random, 9'000), 'l') + " \r\nshort\r\n";
    case 3:
      return repeated("line of the middle of a long letter\r\n", 200 + below(random, 5'000));
    case 4:
      return "end" + repeated("\r\n", below(random, 3'000));
    case 5:
      return "end" + repeated(" \t\r\n", below(random, 500));
    case 6:
      return repeated("a\t ", below(random, 5'000)) + "\r\n";
    default:
      return random_body(random);
  }
}

// A line of a fold that holds blanks only reads as the end of the section to some: there is a field
// of its own for that.
std::string without_blank_lines(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    const std::size_t fold = value.find("\r\n");
    const std::string_view line = value.substr(0, fold);
    if (line.find_first_not_of(" \t") != std::string_view::npos) {
      if (!out.empty()) out += "\r\n";
      out += line;
    }
    if (fold == std::string_view::npos) break;
    value.remove_prefix(fold + 2);
  }
  return out;
}

// Words, and blanks and folds between them.
std::string random_value(Random& random) {
  static constexpr std::string_view kTokens[] = {"word",
                                                 "Two words",
                                                 " ",
                                                 "  ",
                                                 "\t",
                                                 "\r\n ",
                                                 "\r\n\t",
                                                 ";",
                                                 ":",
                                                 "b=",
                                                 "=",
                                                 "\"x\"",
                                                 "=?utf-8?q?=C3=A4?=",
                                                 "(comment)",
                                                 "<a@b>",
                                                 ",",
                                                 "\r\n \t  ",
                                                 "M\xC3\xBCller",
                                                 "\xE2\x82\xAC"};
  std::string value;
  for (std::size_t n = below(random, 12); n > 0; --n) value += any_of(random, kTokens);
  return without_blank_lines(value);
}

std::string mixed_case(Random& random, std::string name) {
  for (char& c : name) {
    if (c >= 'a' && c <= 'z' && one_in(random, 2)) c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

std::string from_field(Random& random) {
  static constexpr std::string_view kFields[] = {
      "From: Joe <joe@example.com>\r\n",
      "From:joe@example.com\r\n",
      "From:   \"Joe, Q.\"\r\n\t  <joe@example.com>  \r\n",
      "from: =?utf-8?b?w6TDtg==?= <joe@example.com>\r\n",
      "FROM: J\xC3\xB6\xC3\xA9 <joe@example.com>\r\n",
      "From:\r\n joe@example.com\r\n",
      "From: \t Joe (a  comment\r\n  folded) <joe@example.com>\r\n",
  };
  return std::string(any_of(random, kFields));
}

void add_odd_fields(Random& random, AwkwardMessage& message) {
  const auto add = [&](std::string field) { message.fields.push_back(std::move(field)); };
  if (one_in(random, 3)) add("X-Empty:\r\n");
  if (one_in(random, 3)) add("Comments: \t \r\n");
  if (one_in(random, 4)) add("Keywords:" + std::string(2'000 + below(random, 6'000), 'k') + "\r\n");
  if (one_in(random, 4)) add("X-Latin: caf\xE9\r\n");
  if (one_in(random, 4)) add("X.Odd/Name!#$_%: 1\r\n");
  if (one_in(random, 12)) {
    add("X;Odd: 1\r\n");
    message.traits.insert("semicolon-in-name");
  }
  if (one_in(random, 8)) {
    add("Subject : a blank before the colon\r\n");
    message.traits.insert("blank-before-colon");
  }
  if (one_in(random, 8)) {
    add("Cc: a@example.net,\r\n \r\n b@example.net\r\n");
    message.traits.insert("blank-line-in-fold");
  }
  if (one_in(random, 4)) {
    for (std::size_t n = 1 + below(random, 5); n > 0; --n) {
      add("Received: from a.example\r\n\tby b.example; " + std::to_string(n) + "\r\n");
    }
  }
  if (one_in(random, 6)) {
    for (std::size_t n = 2 + below(random, 2); n > 0; --n) {
      add("Subject: number " + std::to_string(n) + "\r\n");
    }
  }
  if (one_in(random, 6)) {
    std::string references = "References:";
    for (std::size_t n = 5 + below(random, 60); n > 0; --n) {
      references += "\r\n <" + std::to_string(n) + ".0123456789abcdef@mail.example.com>";
    }
    add(references + "\r\n");
  }
}

}  // namespace

std::string AwkwardMessage::text() const {
  std::string text;
  for (const std::string& field : fields) text += field;
  return text + "\r\n" + body;
}

AwkwardMessage make_message(Random& random, unsigned number) {
  static constexpr std::string_view kNames[] = {"To",           "Cc",
                                                "Subject",      "Date",
                                                "Message-ID",   "Reply-To",
                                                "Sender",       "X-Custom",
                                                "List-Id",      "X-1",
                                                "References",   "In-Reply-To",
                                                "MIME-Version", "List-Unsubscribe"};
  AwkwardMessage message;
  message.fields.push_back(from_field(random));
  for (const std::string_view name : kNames) {
    if (one_in(random, 2)) continue;
    message.fields.push_back(mixed_case(random, std::string(name)) + ":" +
                             (one_in(random, 4) ? "" : " ") + random_value(random) + "\r\n");
  }
  add_odd_fields(random, message);
  for (std::size_t i = message.fields.size(); i > 1; --i) {
    std::swap(message.fields[i - 1], message.fields[below(random, i)]);
  }
  message.body = body_of(random, number);
  if (!message.body.empty() && !message.body.ends_with("\r\n")) {
    message.traits.insert("no-line-end");
    const char last = message.body.back();
    if (last == ' ' || last == '\t') message.traits.insert("blank-without-line-end");
  }
  return message;
}

}  // namespace signpost::dkim::interop
