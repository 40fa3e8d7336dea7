#include "base/octet_pairs.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace signpost {
namespace {

constexpr auto kLineEnd = [](const auto& octet, const auto& following) {
  return octet == '\r' && following == '\n';
};
constexpr auto kHigh = [](const auto& octet, const auto& following) {
  return octet == '\xff' || following == '\x80';
};

template <typename Matches>
std::size_t plainly(std::string_view text, Matches matches) {
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (matches(text[at], text[at + 1])) return at;
  }
  return std::string_view::npos;
}

TEST(OctetPairs, AreFoundWhereverTheyStand) {
  for (std::size_t size = 2; size < 100; ++size) {
    for (std::size_t at = 0; at + 1 < size; ++at) {
      std::string text(size, 'x');
      text.replace(at, 2, "\r\n");
      EXPECT_EQ(find_octet_pair(text, kLineEnd), at) << size;
    }
  }
}

TEST(OctetPairs, OneOctetIsNotAPair) {
  EXPECT_EQ(find_octet_pair("", kLineEnd), std::string_view::npos);
  EXPECT_EQ(find_octet_pair("\xff", kHigh), std::string_view::npos);
  EXPECT_EQ(find_octet_pair("x\r", kLineEnd), std::string_view::npos);
}

TEST(OctetPairs, AreFoundAsByThePlainLoop) {
  constexpr std::string_view kAlphabet("\r\n x\xff\x80", 6);
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 70, 'x');
    for (std::size_t n = random() % 3; n > 0 && !text.empty(); --n) {
      text[random() % text.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    EXPECT_EQ(find_octet_pair(text, kLineEnd), plainly(text, kLineEnd));
    EXPECT_EQ(find_octet_pair(text, kHigh), plainly(text, kHigh));
  }
}

}  // namespace
}  // namespace signpost
