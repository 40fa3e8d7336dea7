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
  EXPECT_TRUE(said("hostname = \"mail").contains("opened and never closed"));
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
  EXPECT_TRUE(said("a = [1, 2\n").contains("a list is opened and never closed"));
}

TEST(TomlWords, OtherThingsAreNamed) {
  EXPECT_TRUE(said("// x\n").ends_with("a comment begins with #"));
  EXPECT_TRUE(said("a = 1 // x\n").ends_with("a comment begins with #"));
  EXPECT_TRUE(said("{\"a\": 1}\n").contains("this is not TOML"));
  EXPECT_TRUE(said("a = \"C:\\signpost\"\n").contains("\\s means nothing inside"));
  EXPECT_TRUE(said("a = \"\xff\"\n").contains("not UTF-8"));
  EXPECT_TRUE(said("a = 01\n").contains("leading zeros"));
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

TEST(TomlWords, UnknownComplaintsStay) {
  EXPECT_EQ(plain_words("a = 1\n", 1, 1, "something new"), "something new");
  EXPECT_EQ(plain_words("", 0, 0, "parsing value"), "a value is missing");
  EXPECT_EQ(plain_words("a", 7, 900, "parsing array"), plain_words("", 1, 1, "parsing array"));
}

}  // namespace
}  // namespace signpost::config
