#include "base/concat.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost {
namespace {

TEST(Concat, PutsThePartsOneAfterTheOther) {
  EXPECT_EQ(concat({}), "");
  EXPECT_EQ(concat({"", "a", "", "bc"}), "abc");
  EXPECT_EQ(concat({std::string_view("a\0b", 3), "c"}).size(), 4U);
}

TEST(Concat, APartMayBeTheTextThatIsReplaced) {
  std::string text = "in the file";
  text = concat({"number ", std::to_string(2), " ", text});
  EXPECT_EQ(text, "number 2 in the file");
}

}  // namespace
}  // namespace signpost
