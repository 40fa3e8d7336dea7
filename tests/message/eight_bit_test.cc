#include "message/eight_bit.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::message {
namespace {

TEST(EightBit, NothingIsSevenBit) { EXPECT_FALSE(has_eight_bit("")); }

TEST(EightBit, FindsOneOctetAtEveryPlaceOfEveryLength) {
  for (std::size_t length = 1; length <= 100; ++length) {
    std::string bytes(length, '\x7f');
    EXPECT_FALSE(has_eight_bit(bytes)) << length;
    for (std::size_t place = 0; place < length; ++place) {
      bytes[place] = '\x80';
      EXPECT_TRUE(has_eight_bit(bytes)) << length << " " << place;
      // From an odd address too, and never beyond the end.
      EXPECT_EQ(has_eight_bit(std::string_view(bytes).substr(1)), place >= 1);
      EXPECT_EQ(has_eight_bit(std::string_view(bytes).substr(0, place)), false);
      bytes[place] = '\x7f';
    }
  }
}

}  // namespace
}  // namespace signpost::message
