#include "relay/admission.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace signpost::relay {
namespace {

net::IpAddress ip(const char* text) { return net::IpAddress::parse(text).value(); }

using enum ClientKind;

// How many sessions of `kind` there is still room for, each from an address of its own.
std::size_t room_for(Admission& admission, ClientKind kind) {
  std::vector<net::IpAddress> taken;
  for (std::uint8_t i = 0; i < 250; ++i) {
    const auto client = net::IpAddress::from_v4({198, 51, 100, i});
    if (admission.begin_session(client, kind) != Place::Taken) break;
    taken.push_back(client);
  }
  for (const net::IpAddress& client : taken) admission.end_session(client, kind);
  return taken.size();
}

TEST(Admission, BoundsSessionsByClientAndInAll) {
  Admission admission;
  admission.set_limits({3, 2, 1000});
  EXPECT_EQ(admission.begin_session(ip("192.0.2.1"), Stranger), Place::Taken);
  EXPECT_EQ(admission.begin_session(ip("192.0.2.1"), Stranger), Place::Taken);
  EXPECT_EQ(admission.begin_session(ip("192.0.2.1"), Stranger), Place::ClientFull);
  EXPECT_EQ(admission.begin_session(ip("192.0.2.2"), Stranger), Place::Taken);
  EXPECT_EQ(admission.begin_session(ip("192.0.2.3"), Stranger), Place::Full);
  EXPECT_EQ(admission.sessions(), 3u);
  admission.end_session(ip("192.0.2.1"), Stranger);
  EXPECT_EQ(admission.begin_session(ip("192.0.2.1"), Stranger), Place::Taken);
}

TEST(Admission, AnIpv6ClientIsItsNetworkOf64Bits) {
  Admission admission;
  admission.set_limits({100, 1, 1000});
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:1::1"), Stranger), Place::Taken);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:1::2"), Stranger), Place::ClientFull);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:2::1"), Stranger), Place::Taken);
}

TEST(Admission, TheNetworksAroundAnIpv6ClientAreBoundedAsWell) {
  Admission admission;
  admission.set_limits({100, 1, 1000});
  // A /56 has two places, the /48 around it four, though each session is of another /64.
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:1::1"), Stranger), Place::Taken);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:2::1"), Stranger), Place::Taken);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:3::1"), Stranger), Place::ClientFull);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:101::1"), Stranger), Place::Taken);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:201::1"), Known), Place::Taken);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:301::1"), Stranger), Place::ClientFull);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:1:1::1"), Stranger), Place::Taken);
  admission.end_session(ip("2001:db8:0:1::1"), Stranger);
  EXPECT_EQ(admission.begin_session(ip("2001:db8:0:301::1"), Stranger), Place::Taken);
}

TEST(Admission, TrustedClientsOnlyCountInAll) {
  Admission admission;
  admission.set_limits({3, 1, 1000});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(admission.begin_session(ip("10.0.0.1"), Trusted), Place::Taken);
  }
  EXPECT_EQ(admission.begin_session(ip("10.0.0.1"), Trusted), Place::Full);
}

TEST(Admission, StrangersLeavePlacesToKnownClientsAndThoseToTrustedOnes) {
  Admission admission;
  admission.set_limits({100, 100, 1000});
  for (int i = 0; i < 80; ++i) (void)admission.begin_session(ip("192.0.2.1"), Stranger);
  EXPECT_EQ(room_for(admission, Stranger), 0u);
  EXPECT_EQ(room_for(admission, Known), 10u);
  EXPECT_EQ(room_for(admission, Trusted), 20u);
  for (int i = 0; i < 10; ++i) (void)admission.begin_session(ip("192.0.2.2"), Known);
  EXPECT_EQ(room_for(admission, Known), 0u);
  EXPECT_EQ(room_for(admission, Trusted), 10u);
}

TEST(Admission, AStrangerThatLogsInMakesRoomForAnother) {
  Admission admission;
  admission.set_limits({100, 100, 1000});
  for (int i = 0; i < 80; ++i) (void)admission.begin_session(ip("192.0.2.1"), Stranger);
  admission.log_in();
  EXPECT_EQ(room_for(admission, Stranger), 1u);
  EXPECT_EQ(room_for(admission, Known), 10u);
  admission.end_session(ip("192.0.2.1"), Known);
  EXPECT_EQ(room_for(admission, Stranger), 1u);
}

TEST(Admission, TrustedClientsLeaveATenthToOthers) {
  Admission admission;
  admission.set_limits({100, 100, 1000});
  for (int i = 0; i < 100; ++i) (void)admission.begin_session(ip("10.0.0.1"), Trusted);
  EXPECT_EQ(admission.sessions(), 90u);
  EXPECT_EQ(room_for(admission, Trusted), 0u);
  EXPECT_EQ(room_for(admission, Known), 10u);
  EXPECT_EQ(room_for(admission, Stranger), 10u);
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
  EXPECT_FALSE(admission.take_disk(kAll / 5)) << "more than there is";
  EXPECT_FALSE(admission.disk_is_full());
  constexpr std::size_t kLarge = std::size_t{1} << 30;
  std::size_t taken = 0;
  while (taken < 1'000'000 && admission.take_disk(kLarge)) ++taken;
  EXPECT_LE(taken, admission.disk_free() / (2 * kLarge)) << "what has come since counts twice";
}

}  // namespace
}  // namespace signpost::relay
