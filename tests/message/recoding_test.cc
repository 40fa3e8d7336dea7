#include "message/recoding.h"

#include "base/ascii.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::message {
namespace {

using namespace std::string_literals;

std::string repeat(std::string_view text, std::size_t size) {
  std::string out;
  while (out.size() < size) out += text;
  return out;
}
const std::string kLong = repeat("<p>an offer = ", 1200);

std::string shorter(const std::string& content) {
  auto result = recoded(content, Transport::EightBit);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().why);
  return result ? *result : "";
}
std::string why(const std::string& content) {
  const auto result = recoded(content, Transport::EightBit);
  EXPECT_FALSE(result.has_value());
  return result ? "" : std::string(result.error().why);
}

// The octets that a reader of quoted-printable sees.
std::string decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("=\r\n")) {
      text.remove_prefix(3);
    } else if (text.front() == '=') {
      out += static_cast<char>(std::stoi(std::string(text.substr(1, 2)), nullptr, 16));
      text.remove_prefix(3);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

std::size_t longest(std::string_view text) {
  std::size_t most = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    most = std::max(most, end);
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return most;
}

TEST(ShorterLines, EncodesABodyAndSaysSo) {
  const std::string header = "From: a@b.example\r\n";
  const std::string body = "caf\xC3\xA9 \r\n--x\t\r\nFrom here\r\n" + kLong + "\r\n\r\n";
  const std::string expected = header +
                               "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  const std::string out = shorter(header + "\r\n" + body);
  ASSERT_TRUE(out.starts_with(expected)) << out;
  const std::string_view encoded = std::string_view(out).substr(expected.size());
  EXPECT_TRUE(encoded.starts_with("caf=C3=A9=20\r\n=2D-x=09\r\n=46rom here\r\n"));
  EXPECT_EQ(decoded(encoded), body);
  EXPECT_LE(longest(encoded), 76U);
}

TEST(ShorterLines, ReplacesTheEncodingThatWasNamed) {
  const std::string out = shorter(
      "Content-Transfer-Encoding: 8Bit\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" +
      kLong + "\r\n");
  EXPECT_TRUE(
      out.starts_with("MIME-Version: 1.0\r\nContent-Type: text/html\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"));
}

TEST(ShorterLines, WhatIsNotMostlyTextBecomesBase64) {
  const std::string out = shorter("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" +
                                  repeat("\xD0\x96", 1000) + "\r\n");
  EXPECT_TRUE(out.contains("Content-Transfer-Encoding: base64\r\n\r\n0JbQltCW"));
  EXPECT_TRUE(out.ends_with("\r\n"));
  EXPECT_LE(longest(out), 76U);
}

TEST(ShorterLines, ChangesOnlyThePartThatNeedsIt) {
  const auto mail = [](const std::string& part) {
    return "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"b 1\"\r\n\r\n"
           "preamble\r\n--b 1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ncaf\xC3\xA9\r\n"
           "--b 1\r\n" +
           part + "\r\n--b 1--\r\nepilogue\r\n";
  };
  const std::string out = shorter(mail("Content-Type: application/json\r\n\r\n--b 12" + kLong));
  const std::string head =
      "Content-Type: application/json\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  const std::size_t start = out.find(head);
  ASSERT_NE(start, std::string::npos);
  const std::size_t end = out.find("\r\n--b 1--");
  const std::string encoded = out.substr(start + head.size(), end - start - head.size());
  EXPECT_EQ(decoded(encoded), "--b 12" + kLong);
  EXPECT_EQ(out, mail(head + encoded));
}

TEST(ShorterLines, APartWithoutHeaderGetsOne) {
  const std::string out = shorter("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" +
                                  kLong + "\r\n--b--\r\n");
  EXPECT_TRUE(out.contains("\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>"));
}

TEST(ShorterLines, LooksIntoMessagesAndNestedParts) {
  const std::string out = shorter(
      "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n"
      "\r\nSubject: " +
      repeat("a word ", 1200) +
      "x\r\nContent-Type: multipart/alternative; "
      "boundary=b\r\n\r\n--b\r\n\r\n" +
      kLong + "\r\n--b--\r\n\r\n--a--\r\n");
  EXPECT_FALSE(find_overlong_line(out));
  EXPECT_TRUE(out.contains("\r\nSubject: a word a word"));
  EXPECT_TRUE(out.contains("--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"));
}

TEST(ShorterLines, WhatIsEncodedGetsShorterLinesOnly) {
  const std::string head = "Content-Transfer-Encoding: base64\r\n\r\n";
  const std::string base64 = shorter(head + repeat("AbC+", 1200) + "\r\nshort\r\n");
  EXPECT_TRUE(base64.starts_with(head + repeat("AbC+", 76) + "\r\nAbC+"));
  EXPECT_TRUE(base64.ends_with("\r\nshort\r\n"));
  const std::string qp_head = "Content-Transfer-Encoding: Quoted-Printable\r\n\r\n";
  const std::string qp = "a=3Db" + repeat("=C3=A9 --From ", 1200) + "=\r\nend\r\n";
  const std::string out = shorter(qp_head + qp);
  EXPECT_TRUE(out.starts_with(qp_head));
  EXPECT_EQ(decoded(std::string_view(out).substr(qp_head.size())), decoded(qp));
  EXPECT_FALSE(out.contains("\r\n--"));
  EXPECT_LE(longest(out), 76U);
}

TEST(ShorterLines, SaysWhatItCannotRepair) {
  const std::string body = "\r\n" + kLong + "\r\n";
  EXPECT_EQ(why("Content-Type: multipart/signed; boundary=b\r\n" + body),
            "in a part that is signed or may not be encoded");
  for (const std::string_view type :
       {"multipart/mixed", "multipart/mixed; boundary=b; boundary=c",
        "multipart/mixed; boundary=b; boundary*=us-ascii''b", "multipart/mixed; boundary*1=b",
        "multipart/mixed; boundary*0=b; boundary*2=c", "multipart/mixed; boundary*=b",
        "multipart/mixed; boundary*=utf-7''b", "multipart/mixed; boundary*=''%4",
        "multipart/mixed; boundary*=''%+4", "multipart/mixed; boundary*=",
        "multipart/mixed; boundary*0=b; boundary*0*=''b", "multipart/mixed; boundary=\"b",
        "multipart/mixed (x; boundary=c); boundary=b", "multipart/mixed; boundary=b (x",
        "multipart/mixed; boundary=b\r\nContent-Type: multipart/mixed; boundary=c"}) {
    EXPECT_EQ(why("Content-Type: " + std::string(type) + "\r\n" + body),
              "in a part whose Content-Type is not clear")
        << type;
  }
  EXPECT_EQ(why("Content-Type: multipart/mixed; boundary=b\r\n" + body),
            "outside of the parts of its multipart");
  EXPECT_EQ(why("Content-Transfer-Encoding: base64\r\n" + body),
            "in a part that is not valid base64");
  EXPECT_EQ(why("Content-Transfer-Encoding: quoted-printable\r\n" + body),
            "in a part that is not valid quoted-printable");
  EXPECT_EQ(why("Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: 7bit\r\n" + body),
            "in a part with an unknown Content-Transfer-Encoding");
  EXPECT_EQ(why("Content-Type: message/rfc822\r\n\r\nX: " + std::string(1000, 'x') + "\r\n\r\n"),
            "in a field without a blank to fold it at");
}

TEST(ShorterLines, ReadsABoundaryInAllItsForms) {
  for (const std::string_view type :
       {"Multipart/Mixed; Boundary=outer", "multipart/mixed ;\r\n\tboundary = \"outer\" ",
        "multipart/mixed (two (parts)); (here) boundary=outer (as it is)",
        "multipart/mixed; name=\"(; boundary=x\"; boundary=outer",
        "multipart/mixed;\r\n boundary*0=\"ou\";\r\n boundary*1=\"ter\"",
        "multipart/mixed; boundary*1=ter; boundary*0*=us-ascii'en'%6Fu",
        "multipart/mixed; boundary*=us-ascii''o%75ter",
        "multipart/mixed; boundary=outer; boundary=outer",
        "multipart/mixed; boundary=outer\r\nContent-Type: multipart/mixed; boundary=outer"}) {
    const std::string out = shorter("Content-Type: " + std::string(type) +
                                    "\r\n\r\n--outer\r\n\r\n" + kLong + "\r\n--outer--\r\n");
    EXPECT_TRUE(
        out.contains("\r\n--outer\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>"))
        << type;
  }
}

TEST(ShorterLines, ReadsATransferEncodingInAllItsForms) {
  constexpr std::string_view kName = "Content-Transfer-Encoding: ";
  for (const std::string_view value :
       {"7bit (as it were)", "(so) 8BIT \t", "7bit\r\nContent-Transfer-Encoding: 7bit (again)"}) {
    const std::string out = shorter(std::string(kName).append(value) + "\r\n\r\n" + kLong + "\r\n");
    EXPECT_TRUE(out.contains(std::string(kName) + "quoted-printable\r\n\r\n<p>")) << value;
    EXPECT_FALSE(ascii::lower(out).contains("bit")) << value;
  }
  const std::string head = "Content-Transfer-Encoding: base64 (lines of 72)\r\n\r\n";
  EXPECT_TRUE(shorter(head + repeat("AbC+", 1200) + "\r\n")
                  .starts_with(head + repeat("AbC+", 76) + "\r\nAbC+"));
  for (const std::string_view value : {"7bit (", "7bit base64", "x-uuencode", ""}) {
    EXPECT_EQ(why(std::string(kName).append(value) + "\r\n\r\n" + kLong + "\r\n"),
              "in a part with an unknown Content-Transfer-Encoding")
        << value;
  }
}

// Some readers keep the blanks at the end of a line, others drop them: both see what they saw.
TEST(ShorterLines, BlanksAtTheEndOfAQuotedPrintableLineStayThere) {
  const std::string head = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  for (std::size_t size = 1200; size < 1280; ++size) {
    for (const std::size_t blanks : {1U, 9U, 75U, 200U}) {
      const std::string body =
          std::string(size, 'y') + "=3D" + std::string(blanks, ' ') + "\r\nnext\r\n";
      const std::string out = shorter(head + body).substr(head.size());
      EXPECT_EQ(decoded(out), decoded(body));
      EXPECT_FALSE(out.contains(" =\r\n"));
    }
  }
  EXPECT_EQ(shorter(head + std::string(2000, ' ') + "\r\n"),
            head + std::string(kMaxLine, ' ') + "\r\n");
  EXPECT_EQ(why(head + std::string(1200, 'y') + "= \r\nnext\r\n"),
            "in a part that is not valid quoted-printable");
}

TEST(ShorterLines, NamesTheLine) {
  const std::string before = "Content-Type: multipart/signed; boundary=b\r\n\r\nshort\r\n";
  const auto result = recoded(before + kLong + "\r\n", Transport::EightBit);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().line.start, before.size());
  EXPECT_EQ(result.error().line.size, kLong.size());
}

TEST(ShorterLines, PartsWithinPartsAreBounded) {
  std::string mail;
  for (int i = 0; i < 100; ++i) {
    mail += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "x\r\n\r\n--b" +
            std::to_string(i) + "x\r\n";
  }
  EXPECT_EQ(why(mail + "\r\n" + kLong + "\r\n"), "in too many parts within parts");
}

// ---- Octets that lines cannot carry

const std::string kOctets("\0\r\n\n\r\xFF\r\n--b\r\n", 12);

std::string in_seven_bits(const std::string& content) {
  const auto result = recoded(content, Transport::SevenBit);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().why);
  return result ? *result : "";
}

TEST(BinaryParts, BecomeBase64WithEachOctetKept) {
  const std::string out = shorter(
      "Content-Type: multipart/mixed; boundary=bb\r\nContent-Transfer-Encoding: binary\r\n"
      "\r\n--bb\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
      kOctets + "\r\n--bb\r\nContent-Transfer-Encoding: BINARY\r\n\r\ncaf\xC3\xA9\r\n--bb--");
  EXPECT_EQ(out,
            "Content-Type: multipart/mixed; boundary=bb\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            "--bb\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "AA0KCg3/DQotLWIN\r\n\r\n"
            "--bb\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\xC3\xA9\r\n--bb--\r\n"s);
}

TEST(BinaryParts, AtTheEndKeepTheirLastLineAsItIs) {
  EXPECT_TRUE(shorter("Content-Type: image/png\r\n\r\n\n").ends_with(": base64\r\n\r\nCg==\r\n"));
  EXPECT_TRUE(shorter("Content-Type: text/html\r\n\r\n" + kLong).ends_with("=\r\n"));
}

TEST(BinaryParts, AreRefusedWhereNothingMayBeEncoded) {
  const std::string before = "Content-Type: multipart/signed; boundary=b\r\n\r\nshort\r\n";
  const auto result = recoded(before + "a\nb\r\n", Transport::EightBit);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().why, "in a part that is signed or may not be encoded");
  EXPECT_EQ(result.error().line.start, before.size() + 1);
  EXPECT_EQ(result.error().line.size, 1U);
  EXPECT_EQ(why("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: a\nb\r\n\r\n--b--\r\n"),
            "in a field that cannot be read");
}

TEST(SevenBit, EncodesTextAndNamesWhatIsAround) {
  const std::string out = in_seven_bits(
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n"
      "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
      "two cups of tea, a caf\xC3\xA9\r\n--b\r\nContent-Type: "
      "text/plain\r\n\r\n=plain=\r\n--b--\r\n");
  EXPECT_EQ(out,
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
            "Content-Transfer-Encoding: 7bit\r\n\r\n"
            "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            "two cups of tea, a caf=C3=A9\r\n--b\r\nContent-Type: "
            "text/plain\r\n\r\n=plain=\r\n--b--\r\n");
}

TEST(SevenBit, LeavesHeaderFieldsAsTheyAre) {
  const std::string mail = "Subject: caf\xC3\xA9\r\n\r\nplain\r\n";
  EXPECT_EQ(in_seven_bits(mail), mail);
  EXPECT_TRUE(in_seven_bits(mail + "\xE9\r\n").starts_with("Subject: caf\xC3\xA9\r\n"));
}

TEST(SevenBit, IsRefusedWhereNothingMayBeEncoded) {
  for (const std::string_view type : {"multipart/signed; boundary=b", "multipart/encrypted"}) {
    const std::string mail = "Content-Type: " + std::string(type) + "\r\n\r\ncaf\xC3\xA9\r\n";
    EXPECT_FALSE(recoded(mail, Transport::SevenBit));
    EXPECT_EQ(shorter(mail), mail);
  }
  EXPECT_FALSE(recoded("Content-Transfer-Encoding: base64\r\n\r\n\xE9\r\n", Transport::SevenBit));
}

}  // namespace
}  // namespace signpost::message
