#include "message/single_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::message {
namespace {

// The section as it is written; the clash, if there is one.
std::string written(const std::string& text) {
  const HeaderSection section = HeaderSection::parse(text);
  const SingleFields single(section);
  if (single.clash()) {
    return std::string("clash: ")
        .append(single.clash()->first->raw)
        .append(single.clash()->other->raw);
  }
  std::string out;
  for (const HeaderField& field : section.fields()) {
    out += single.instead_of(field).value_or(field.raw);
  }
  return out;
}

TEST(SingleFields, LeavesMailAloneThatHasEachOnce) {
  const std::string usual = "From: a@x.example\r\nTo: b@x.example\r\nSubject: s\r\nX-A: 1\r\n";
  EXPECT_EQ(written(usual), usual);
}

TEST(SingleFields, OtherFieldsMayRepeat) {
  const std::string repeated = "Received: a\r\nX-A: 1\r\nX-A: 2\r\nComments: c\r\nReceived: b\r\n";
  EXPECT_EQ(written(repeated), repeated);
}

TEST(SingleFields, TheSameTwiceIsOnce) {
  EXPECT_EQ(
      written(
          "Subject: a\r\n b\r\nX: 1\r\nsubject:a b\r\nMIME-Version: 1.0\r\nMIME-Version: 1.0\r\n"),
      "Subject: a\r\n b\r\nX: 1\r\nMIME-Version: 1.0\r\n");
}

TEST(SingleFields, AddressListsBecomeOne) {
  EXPECT_EQ(written("To: a@x.example\r\nX: 1\r\nTO: B <b@x.example>,\r\n\tc@x.example\r\nto: "
                    "d@x.example\r\n"),
            "To: a@x.example,\r\n B <b@x.example>,\r\n\tc@x.example,\r\n d@x.example\r\nX: 1\r\n");
  EXPECT_EQ(written("Cc: staff:;\r\nCc: a@x.example\r\n"), "Cc: staff:;,\r\n a@x.example\r\n");
}

TEST(SingleFields, AListThatIsNotClearIsNotJoined) {
  EXPECT_EQ(written("To: a@x.example\r\nTo: \"b <b@x.example>\r\n"),
            "clash: To: a@x.example\r\nTo: \"b <b@x.example>\r\n");
}

TEST(SingleFields, TwoValuesClash) {
  for (const std::string name :
       {"Sender", "Subject", "Date", "Message-ID", "In-Reply-To", "References"}) {
    EXPECT_EQ(written(name + ": a\r\nX: 1\r\n" + name + ": b\r\n"),
              "clash: " + name + ": a\r\n" + name + ": b\r\n");
  }
}

TEST(SingleFields, AnEmptyOneDoesNotCount) {
  EXPECT_EQ(written("Subject: \r\nSubject: b\r\nSubject:\r\n"), "Subject: b\r\n");
  EXPECT_EQ(written("Subject: \r\n"), "Subject: \r\n");
}

TEST(SingleFields, DifferingMimeFieldsStay) {
  const std::string two = "Content-Type: text/html\r\nContent-Type: text/html; charset=utf-8\r\n";
  EXPECT_EQ(written(two), two);
}

TEST(SingleFields, EndlessRepetitionsClash) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "To: a" + std::to_string(i) + "@x.example\r\n";
  EXPECT_TRUE(written(many).starts_with("clash: To: a0@x.example\r\n"));
}

}  // namespace
}  // namespace signpost::message
