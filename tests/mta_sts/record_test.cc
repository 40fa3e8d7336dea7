#include "mta_sts/record.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::mta_sts {
namespace {

// The id, "none" or "broken".
std::string read(const std::vector<std::string>& texts) {
  const Record record = read_record(texts);
  EXPECT_EQ(record.id.empty(), record.state != Record::State::Published);
  if (record.state == Record::State::None) return "none";
  return record.state == Record::State::Broken ? "broken" : record.id;
}

TEST(ReadRecord, FindsTheIdAmongOtherRecords) {
  EXPECT_EQ(read({"v=STSv1; id=20160831085700Z;"}), "20160831085700Z");
  EXPECT_EQ(read({"v=STSv1;id=1"}), "1");
  EXPECT_EQ(read({"v=spf1 -all", "v=STSv1 ;\tid=abc ; ext=%21:x", "V=STSv1; id=2"}), "abc");
  EXPECT_EQ(read({"v=STSv1; a.b-c_d=1; id=12345678901234567890123456789012"}),
            "12345678901234567890123456789012");
  EXPECT_EQ(read({"v=STSv1; id=1; id=2;"}), "1");
}

TEST(ReadRecord, ThereIsNone) {
  EXPECT_EQ(read({}), "none");
  EXPECT_EQ(
      read({"", "v=spf1 -all", "v=STSv1", "v=STSv10; id=1", " v=STSv1; id=1", "id=1; v=STSv1"}),
      "none");
}

TEST(ReadRecord, SeveralOrMalformedOnesAreBroken) {
  EXPECT_EQ(read({"v=STSv1; id=1", "v=STSv1; id=1"}), "broken");
  for (const std::string text :
       {"v=STSv1;", "v=STSv1; ", "v=STSv1; id", "v=STSv1; id=", "v=STSv1; id=a-b", "v=STSv1; id =1",
        "v=STSv1; id= 1", "v=STSv1; x=1", "v=STSv1; id=1;;", "v=STSv1; id=1; x",
        "v=STSv1; id=1; x=", "v=STSv1; id=1; -x=1", "v=STSv1; id=1; x=a=b", "v=STSv1; id=1; x=a b",
        "v=STSv1; id=123456789012345678901234567890123", "v=STSv1; ID=1", "v=STSv1; id=\xc3\xa9"}) {
    EXPECT_EQ(read({text}), "broken") << text;
  }
}

}  // namespace
}  // namespace signpost::mta_sts
