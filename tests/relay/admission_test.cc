#include "relay/admission.h"

#include <gtest/gtest.h>

namespace signpost::relay {
namespace {

net::IpAddress ip(const char* text) { return net::IpAddress::parse(text).value(); }

TEST(Admission, BoundsSessionsByClientAndInAll) {
  Admission admission;
  admission.set_limits({3, 2, 1000});
  EXPECT_TRUE(admission.begin_session(ip("192.0.2.1"), false));
  EXPECT_TRUE(admission.begin_session(ip("192.0.2.1"), false));
  EXPECT_FALSE(admission.begin_session(ip("192.0.2.1"), false));
  EXPECT_TRUE(admission.begin_session(ip("192.0.2.2"), false));
  EXPECT_FALSE(admission.begin_session(ip("192.0.2.3"), false));
  EXPECT_EQ(admission.sessions(), 3u);
  admission.end_session(ip("192.0.2.1"), false);
  EXPECT_TRUE(admission.begin_session(ip("192.0.2.1"), false));
}

TEST(Admission, AnIpv6ClientIsItsNetworkOf64Bits) {
  Admission admission;
  admission.set_limits({10, 1, 1000});
  EXPECT_TRUE(admission.begin_session(ip("2001:db8:0:1::1"), false));
  EXPECT_FALSE(admission.begin_session(ip("2001:db8:0:1::2"), false));
  EXPECT_TRUE(admission.begin_session(ip("2001:db8:0:2::1"), false));
}

TEST(Admission, TrustedClientsOnlyCountInAll) {
  Admission admission;
  admission.set_limits({3, 1, 1000});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admission.begin_session(ip("10.0.0.1"), true));
  EXPECT_FALSE(admission.begin_session(ip("10.0.0.1"), true));
}

TEST(Admission, MemoryIsCountedAndGivenBack) {
  Admission admission;
  admission.set_limits({1, 1, 1000});
  EXPECT_TRUE(admission.has_memory_for(1000));
  EXPECT_FALSE(admission.has_memory_for(1001));
  EXPECT_TRUE(admission.take_memory(600));
  EXPECT_TRUE(admission.has_memory_for(400));
  EXPECT_FALSE(admission.has_memory_for(401));
  EXPECT_FALSE(admission.take_memory(600));
  EXPECT_TRUE(admission.memory_is_exhausted());
  EXPECT_FALSE(admission.has_memory_for(0));
  admission.give_memory(1200);
  EXPECT_FALSE(admission.memory_is_exhausted());
  EXPECT_TRUE(admission.has_memory_for(1000));
}

TEST(Admission, LargeMessagesOnTheirWayOutLeaveHalfOfTheMemory) {
  constexpr std::size_t kMiB = 1 << 20;
  Admission admission;
  admission.set_limits({1, 1, 64 * kMiB});
  EXPECT_TRUE(admission.may_hold(100 * kMiB));  // alone it must be sent some time
  (void)admission.take_memory(20 * kMiB);
  EXPECT_TRUE(admission.may_hold(12 * kMiB));
  EXPECT_FALSE(admission.may_hold(13 * kMiB));
  (void)admission.take_memory(20 * kMiB);
  EXPECT_FALSE(admission.may_hold(kMiB));
  EXPECT_TRUE(admission.may_hold(10'000));
  (void)admission.take_memory(24 * kMiB);
  EXPECT_FALSE(admission.may_hold(10'000));
}

TEST(Admission, ADiskWithoutTheWantedRoomIsFull) {
  Admission admission;
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  admission.check_disk(".", 0.0, 1, 0);
  EXPECT_FALSE(admission.disk_is_full());
  admission.check_disk(".", 0.0, kAll, 0);
  EXPECT_TRUE(admission.disk_is_full());
  admission.check_disk(".", 0.0, 1, 0);
  EXPECT_FALSE(admission.disk_is_full());
  admission.check_disk(".", 0.0, 1, kAll);  // what is still to be written counts
  EXPECT_TRUE(admission.disk_is_full());
  admission.check_disk(".", 0.0, 1, 0);
  EXPECT_FALSE(admission.disk_is_full());
  admission.take_disk(kAll / 5);  // and what has come since
  EXPECT_TRUE(admission.disk_is_full());
}

}  // namespace
}  // namespace signpost::relay
