#include "dkim/canonicalization.h"

#include "tests/dkim/canonicalization_reference.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace signpost::dkim {
namespace {

class StringSink final : public ByteSink {
 public:
  void append(std::string_view piece) override {
    text += piece;
    ++pieces;
    last = piece;
  }
  std::string text;
  std::size_t pieces = 0;
  std::string_view last;
};

std::string body(Canonicalization method, std::string_view text) {
  StringSink sink;
  canonicalize_body(method, text, sink);
  return sink.text;
}
std::string relaxed(std::string_view text) { return body(Canonicalization::Relaxed, text); }
std::string simple(std::string_view text) { return body(Canonicalization::Simple, text); }

std::string field(Canonicalization method, std::string_view raw) {
  std::string out;
  canonicalize_field(method, raw, out);
  return out;
}
std::string relaxed_field(std::string_view raw) { return field(Canonicalization::Relaxed, raw); }

TEST(Canonicalization, TheExamplesOfSection345) {
  constexpr std::string_view kBody = " C \r\nD \t E\r\n\r\n\r\n";
  EXPECT_EQ(relaxed_field("A: X\r\n"), "a:X\r\n");
  EXPECT_EQ(relaxed_field("B : Y\t\r\n\tZ  \r\n"), "b:Y Z\r\n");
  EXPECT_EQ(relaxed(kBody), " C\r\nD E\r\n");
  EXPECT_EQ(field(Canonicalization::Simple, "A: X\r\n"), "A: X\r\n");
  EXPECT_EQ(field(Canonicalization::Simple, "B : Y\t\r\n\tZ  \r\n"), "B : Y\t\r\n\tZ  \r\n");
  EXPECT_EQ(simple(kBody), " C \r\nD \t E\r\n");
}

TEST(Canonicalization, FieldsLoseFoldsAndBlanksAtTheEndsOnly) {
  EXPECT_EQ(relaxed_field("Subject:\r\n one\r\n\t two\r\n"), "subject:one two\r\n");
  EXPECT_EQ(relaxed_field("X-Empty:\r\n"), "x-empty:\r\n");
  EXPECT_EQ(relaxed_field("X-Empty: \t \r\n \r\n"), "x-empty:\r\n");
  EXPECT_EQ(relaxed_field("X\t :a:b : c\r\n"), "x:a:b : c\r\n");
  EXPECT_EQ(relaxed_field("X: M\xC3\x9CLL  \xA0\r\n"), "x:M\xC3\x9CLL \xA0\r\n");
  EXPECT_EQ(relaxed_field("X: no line end"), "x:no line end\r\n");
  EXPECT_EQ(field(Canonicalization::Simple, "x:  a \r\n\tb \r\n"), "x:  a \r\n\tb \r\n");
}

TEST(Canonicalization, OnlyCrlfIsALineEnd) {
  EXPECT_EQ(relaxed_field("X: a\rb\nc\r\n d\r\n"), "x:a\rb\nc d\r\n");
  EXPECT_EQ(relaxed("a \r b\r\n"), "a \r b\r\n");
  EXPECT_EQ(relaxed("a \n\r\n"), "a \n\r\n");
  EXPECT_EQ(relaxed("\r"), "\r\r\n");
}

TEST(Canonicalization, FieldsAreAppended) {
  std::string out = "before";
  canonicalize_field(Canonicalization::Relaxed, "A:  b\r\n", out);
  canonicalize_field(Canonicalization::Simple, "C: d\r\n", out);
  EXPECT_EQ(out, "beforea:b\r\nC: d\r\n");
}

struct BodyCase {
  std::string_view text;
  std::string_view simple;
  std::string_view relaxed;
};

TEST(Canonicalization, BodiesAtTheEdges) {
  const BodyCase cases[] = {
      {"", "\r\n", ""},
      {"\r\n", "\r\n", ""},
      {"\r\n\r\n\r\n", "\r\n", ""},
      {" ", " \r\n", ""},
      {" \r\n", " \r\n", ""},
      {"\t\r\n \r\n", "\t\r\n \r\n", ""},
      {"a", "a\r\n", "a\r\n"},
      {"a\r\n", "a\r\n", "a\r\n"},
      {"a ", "a \r\n", "a\r\n"},
      {"a\t", "a\t\r\n", "a\r\n"},
      {"a\r\n\r\n\r\n", "a\r\n", "a\r\n"},
      {"a\r\n \r\n\t\t\r\n", "a\r\n \r\n\t\t\r\n", "a\r\n"},
      {"a\r\n\r\nb", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
      {"a\r\n \r\nb", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
      {"\r\na\r\n", "\r\na\r\n", "\r\na\r\n"},
      {"  a  b\tc\t \r\n", "  a  b\tc\t \r\n", " a b c\r\n"},
      {"\ta\r\n", "\ta\r\n", " a\r\n"},
      {"a\r\n ", "a\r\n \r\n", "a\r\n"},
      {".\r\n..\r\n", ".\r\n..\r\n", ".\r\n..\r\n"},
      {"a\r", "a\r\r\n", "a\r\r\n"},
      {"a\r\r\n", "a\r\r\n", "a\r\r\n"},
  };
  for (const BodyCase& one : cases) {
    EXPECT_EQ(simple(one.text), one.simple) << testing::PrintToString(one.text);
    EXPECT_EQ(relaxed(one.text), one.relaxed) << testing::PrintToString(one.text);
  }
}

TEST(Canonicalization, ManyEmptyLinesCostNothing) {
  std::string text = "a \r\n";
  for (int i = 0; i < 300'000; ++i) text += "\r\n";
  EXPECT_EQ(relaxed(text), "a\r\n");
  EXPECT_EQ(simple(text), "a \r\n");
  EXPECT_EQ(relaxed(text + "b").size(), text.size() - 1 + 3);
}

TEST(Canonicalization, ABodyThatIsRelaxedAlreadyIsOnePieceOfItself) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "a line of words, as they mostly are\r\n";
  const std::string canonical = text;
  text += "\r\n\r\n";
  StringSink sink;
  canonicalize_body(Canonicalization::Relaxed, text, sink);
  EXPECT_EQ(sink.text, canonical);
  EXPECT_EQ(sink.pieces, 1U);
  EXPECT_EQ(sink.last.data(), text.data());
}

TEST(Canonicalization, PairsAreReadAndWritten) {
  EXPECT_EQ(CanonicalizationPair{}.text(), "relaxed/relaxed");
  for (const char* text :
       {"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"}) {
    const auto pair = CanonicalizationPair::parse(text);
    ASSERT_TRUE(pair) << text;
    EXPECT_EQ(pair->text(), text);
  }
  EXPECT_EQ(CanonicalizationPair::parse("relaxed")->text(), "relaxed/simple");
  EXPECT_EQ(CanonicalizationPair::parse("simple")->text(), "simple/simple");
  for (const char* text : {"", "/", "relaxed/", "/simple", "nowsp", "relaxed/nowsp", "a/b/c",
                           "relaxed/relaxed/relaxed", " relaxed"}) {
    EXPECT_FALSE(CanonicalizationPair::parse(text)) << text;
  }
}

// Random text of the octets that matter.
class Canonical : public testing::TestWithParam<unsigned> {
 protected:
  std::string random_text(std::size_t most) {
    static constexpr std::string_view kTokens[] = {
        " ",  "\t", "\r\n",     "\r\n", "a",     "bc",   ".",     "\r",    "\n",
        "  ", ":",  "\xC3\xA4", ";",    "\r\n ", "word", " \r\n", "\t\r\n"};
    std::string text;
    const std::size_t size = random_() % (most + 1);
    // Few blanks in every other one, so that both ways through are taken.
    const bool plain = random_() % 2 == 0;
    while (text.size() < size) {
      const std::string_view token = kTokens[random_() % std::size(kTokens)];
      if (plain && token != "\r\n" && token.find_first_of(" \t\r") != std::string_view::npos) {
        continue;
      }
      text += token;
    }
    return text;
  }
  std::mt19937 random_{GetParam()};
};

TEST_P(Canonical, FormIsThatOfTheReference) {
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = random_text(i % 50 == 0 ? 12'000 : 200);
    ASSERT_EQ(simple(text), reference::simple_body(text)) << testing::PrintToString(text);
    ASSERT_EQ(relaxed(text), reference::relaxed_body(text)) << testing::PrintToString(text);
    const std::string raw = "Name" + random_text(3) + ":" + random_text(60) + "\r\n";
    ASSERT_EQ(relaxed_field(raw), reference::relaxed_field(raw)) << testing::PrintToString(raw);
  }
}

TEST_P(Canonical, FormOfACanonicalBodyIsItself) {
  for (int i = 0; i < 1'000; ++i) {
    const std::string text = random_text(300);
    ASSERT_EQ(relaxed(relaxed(text)), relaxed(text)) << testing::PrintToString(text);
    ASSERT_EQ(simple(simple(text)), simple(text)) << testing::PrintToString(text);
    ASSERT_EQ(relaxed(simple(text)), relaxed(text)) << testing::PrintToString(text);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Canonical, testing::Values(1U, 2U, 3U, 4U));

}  // namespace
}  // namespace signpost::dkim
