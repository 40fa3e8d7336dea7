#include "config/toml_words.h"

#include "config/toml_document.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::config {
namespace {

// What the loader says of a file that is no TOML: "line:column: words".
std::string said(const std::string& toml) {
  const auto parsed = parse_toml(toml);
  if (parsed) return "";
  const TomlError& error = parsed.error();
  return std::to_string(error.position.line) + ":" + std::to_string(error.position.column) + ": " +
         error.message;
}

TEST(TomlWords, ATextWithoutQuotesIsShownWithThem) {
  EXPECT_EQ(said("hostname = mail.shop.example\n"),
            "1:12: mail.shop.example is not in quotes; write \"mail.shop.example\"");
  EXPECT_EQ(said("[admin]\nbind = 127.0.0.1:8025 # here\n"),
            "2:10: 127.0.0.1:8025 is not in quotes; write \"127.0.0.1:8025\"");
  EXPECT_EQ(said("[delivery]\nsource = [\"192.0.2.1\", 192.0.2.2]\n"),
            "2:29: 192.0.2.2 is not in quotes; write \"192.0.2.2\"");
  EXPECT_TRUE(said("[limits]\nidle_timeout = 5m\n").ends_with("5m is not in quotes; write \"5m\""));
  EXPECT_TRUE(said("[limits]\nmemory = 50%\r\n").ends_with("50% is not in quotes; write \"50%\""));
  EXPECT_TRUE(said("user = nobody\n").ends_with("nobody is not in quotes; write \"nobody\""));
  EXPECT_TRUE(said("user = fred\n").ends_with("fred is not in quotes; write \"fred\""));
}

TEST(TomlWords, WordsForTrueAndFalseAreNamed) {
  for (const std::string word : {"yes", "True", "on"}) {
    EXPECT_TRUE(said("core_files = " + word + "\n").ends_with(word + ": write true")) << word;
  }
  for (const std::string word : {"no", "False", "OFF"}) {
    EXPECT_TRUE(said("core_files = " + word + "\n").ends_with(word + ": write false")) << word;
  }
}

TEST(TomlWords, AMissingQuoteIsNamed) {
  EXPECT_EQ(said("hostname = \"mail.shop.example\ndata_dir = \"/x\"\n"),
            "1:30: a quote is opened in this line and not closed; write the closing one");
  EXPECT_TRUE(said("hostname = \"mail\r\n").contains("opened in this line and not closed"));
  EXPECT_TRUE(said("hostname = 'mail\n").contains("opened in this line and not closed"));
  EXPECT_TRUE(said("hostname = \"mail").contains("opened in this line and not closed"));
  EXPECT_EQ(said("a = 1\nhostname = \"\"\"mail\"\nb = \"x\"\n"),
            "2:12: a text that begins with \"\"\" is never closed; write \"\"\" at its end, or one "
            "quote at both");
  EXPECT_TRUE(said("hostname = \"a\x01\"\n").contains("a character that cannot be in a text"));
  EXPECT_EQ(said("hostname = mail.example\"\n"),
            "1:12: the quote before mail.example is missing; write \"mail.example\"");
  EXPECT_TRUE(said("hostname = \u201cmail.example\u201d\n")
                  .ends_with("mail.example has other marks than \"; write \"mail.example\""));
  EXPECT_TRUE(said("x = [\"1m, \"5m\"]\n").contains("comma, quote or bracket"));
}

TEST(TomlWords, WhatBelongsToAKeyIsNamed) {
  EXPECT_EQ(said("hostname: \"x\"\n"), "1:9: a key is followed by =, not by :; write hostname =");
  EXPECT_TRUE(said("hostname \"x\"\n").contains("hostname is not followed by = and a value"));
  EXPECT_TRUE(said("hostname =\n").ends_with("hostname has no value; write one after the ="));
  EXPECT_TRUE(said("= \"x\"\n").ends_with("the key before = is missing"));
  EXPECT_EQ(said("hostname = \"a\"\nhostname = \"b\"\n").substr(2),
            "12: hostname is written twice; keep one");
  EXPECT_TRUE(said("source = \"a\", \"b\"\n").contains("several values need brackets"));
  EXPECT_TRUE(said("a = \"x\" b = \"y\"\n").contains("one key in each line"));
}

TEST(TomlWords, BracketsAreNamed) {
  EXPECT_TRUE(said("[[listener]\n").ends_with("the brackets do not match; write [[listener]]"));
  EXPECT_TRUE(said("[log\n").ends_with("the brackets do not match; write [log]"));
  EXPECT_TRUE(said("[tls]\na = 1\n[tls]\n").starts_with("3:1: [tls] appears twice; "));
  EXPECT_TRUE(said("[listener]\n[[listener]]\n").contains("write double ones for each"));
  EXPECT_TRUE(said("[[[listener]]\n").ends_with("the brackets do not match; write [[listener]]"));
  EXPECT_TRUE(said("[[listener]]]\n").ends_with("the brackets do not match; write [[listener]]"));
  EXPECT_TRUE(said("[tls]]\n").ends_with("write [tls], or [[tls]] if it may be repeated"));
  EXPECT_TRUE(said("tls]\n").ends_with("the bracket before tls is missing; write [tls]"));
  EXPECT_TRUE(
      said("[]\n").ends_with("a table without a name; write one into the brackets, as in [tls]"));
  EXPECT_TRUE(said("[tls] here\n").contains("only a # comment may follow a table's name"));
  EXPECT_TRUE(said("[a..b]\n").ends_with("a..b: a part of the name is missing beside its dot"));
}

// The library notices it where the next item would be.
TEST(TomlWords, WhatIsNotClosedIsNamedWhereItWasOpened) {
  const std::string list = ": a list is opened here and never closed; write ] at its end";
  for (const char* next : {"", "\n", ",\n", "\n\n[tls]\n", ",\n[[listener]]\n",
                           "\nexpire = \"5d\"\n", ",\nexpire = \"5d\"\n"}) {
    EXPECT_EQ(said("a = 1\nschedule = [\"1m\"" + std::string(next)), "2:12" + list) << next;
  }
  EXPECT_EQ(said("a = [\n  \"x]\", # [\n  '''[''', [1],\n[tls]\n"), "1:5" + list);
  for (const char* table : {"a = { b = 1\n", "a = {\n", "a = { b = 1,\nc = 2 }\n"}) {
    EXPECT_TRUE(said(table).starts_with("1:")) << table;
    EXPECT_TRUE(said(table).contains("what { opens is closed in the same line")) << table;
  }
  EXPECT_TRUE(said("a = { b = 1, }\n").contains("a key is missing beside the comma"));
  EXPECT_TRUE(said("a = { b = 1 c = 2 }\n").contains("are separated by commas"));
}

TEST(TomlWords, ANumberThatIsNoneIsNamed) {
  EXPECT_EQ(said("workers = 02\n").substr(2), "13: 02: a number has no leading zeros; write 2");
  EXPECT_TRUE(said("a = -007\n").ends_with("write -7"));
  EXPECT_TRUE(said("a = 99999999999999999999\n").contains("too large a number"));
  EXPECT_TRUE(said("a = .5\n").contains("digits before and after its dot"));
  EXPECT_TRUE(said("a = 1__0\n").contains("without _"));
}

TEST(TomlWords, OtherThingsAreNamed) {
  EXPECT_TRUE(said("// x\n").ends_with("a comment begins with #"));
  EXPECT_TRUE(said("a = 1 // x\n").ends_with("a comment begins with #"));
  EXPECT_TRUE(said("{\"a\": 1}\n").contains("this is not TOML"));
  EXPECT_TRUE(said("a = \"C:\\signpost\"\n").contains("\\s means nothing inside"));
  EXPECT_TRUE(said("a = \"\xff\"\n").contains("not UTF-8"));
  EXPECT_TRUE(said("a = \"\\e\"\n").contains("\\e means nothing inside"));
  EXPECT_TRUE(said("a = \"\\u12\"\n").contains("4, \\U by the 8 hexadecimal digits"));
  EXPECT_TRUE(said("a == 1\n").contains("one = is enough"));
  EXPECT_TRUE(said("a. = 1\n").ends_with("a.: a part of the key is missing beside its dot"));
  EXPECT_TRUE(said("a = {b = 1}\n[a.c]\n").contains("in braces is complete"));
}

// The library recurses into each part of a key, in the running relay at a reload as well.
TEST(TomlWords, AKeyWithoutEndIsRefused) {
  std::string key;
  for (int i = 0; i < 50'000; ++i) key += "a.";
  for (const std::string& text :
       {key + "b = 1\n", "[" + key + "b]\n", "[[" + key + "b]]\n", "x = {" + key + "b = 1}\n"}) {
    const std::string words = said("z = 1\n" + text);
    EXPECT_TRUE(words.starts_with("2:") && words.ends_with("a key of more than 100 parts"))
        << words;
  }
  std::string dots(1'000, '.');
  EXPECT_TRUE(parse_toml("a = \"" + dots + "\" # " + dots + "\nb = '" + dots + "'\n"));
}

// Whatever one character does to a file, the library's own words stay inside.
TEST(TomlWords, NoMistakeOfOneCharacterIsToldInTheLibrarysWords) {
  const std::string good =
      "hostname = \"mail.shop.example\"\nlimits.sessions = 12\n[[listener]]\n"
      "networks = [\n  \"10.0.0.0/8\",\n]\n[tls]\nkey = 'k'\npair = { a = \"x\", b = 2 }\n";
  const std::string_view characters = "\"[]{}=,#.'\\ \n0x+_a\x01;/";
  std::size_t mistakes = 0;
  const auto judge = [&](const std::string& text) {
    const std::string words = said(text);
    mistakes += words.empty() ? 0 : 1;
    for (const char* theirs :
         {"Error while", "saw ", "expected", "encountered", "prohibited", "cannot be understood"}) {
      EXPECT_FALSE(words.contains(theirs)) << words << "\n" << text;
    }
  };
  for (std::size_t at = 0; at < good.size(); ++at) {
    judge(good.substr(0, at));
    judge(good.substr(0, at) + good.substr(at + 1));
    for (const char c : characters) {
      judge(good.substr(0, at) + c + good.substr(at));
      judge(good.substr(0, at) + c + good.substr(at + 1));
    }
  }
  EXPECT_GT(mistakes, 1000U);
}

TEST(TomlWords, UnknownComplaintsAreNotRepeated) {
  const auto words = [](std::string_view text, TomlPosition place, std::string_view complaint) {
    return in_plain_words(text, place, complaint).message;
  };
  EXPECT_EQ(words("a = 1\n", {1, 5}, "something new"), "\"1\" cannot be understood here");
  EXPECT_EQ(words("", {0, 0}, "parsing value"), "a value is missing");
  EXPECT_EQ(words("a", {7, 900}, "parsing array"), words("", {1, 1}, "parsing array"));
}

}  // namespace
}  // namespace signpost::config
