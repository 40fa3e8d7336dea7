#include "delivery/dead_addresses.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace signpost::delivery {
namespace {

using std::chrono::milliseconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

net::SocketAddress address(const std::string& ip, std::uint16_t port = 25) {
  return {*net::IpAddress::parse(ip), port};
}

TEST(DeadAddresses, RemembersAFailureForSomeMinutes) {
  DeadAddresses dead;
  EXPECT_EQ(dead.standing(address("192.0.2.1"), kStart), Standing::Good);
  dead.failed(address("192.0.2.1"), kStart);
  EXPECT_EQ(dead.standing(address("192.0.2.1"), kStart), Standing::Dead);
  EXPECT_EQ(dead.standing(address("192.0.2.1"), kStart + DeadAddresses::kKept - milliseconds(1)),
            Standing::Dead);
  EXPECT_EQ(dead.standing(address("192.0.2.1"), kStart + DeadAddresses::kKept), Standing::Good);
}

TEST(DeadAddresses, OtherAddressesAreNotAffected) {
  DeadAddresses dead;
  dead.failed(address("192.0.2.1"), kStart);
  EXPECT_EQ(dead.standing(address("192.0.2.2"), kStart), Standing::Good);
  EXPECT_EQ(dead.standing(address("192.0.2.1", 2525), kStart), Standing::Good);
}

TEST(DeadAddresses, WhatAnswersIsForgottenAtOnce) {
  DeadAddresses dead;
  dead.failed(address("192.0.2.1"), kStart);
  dead.answered(address("192.0.2.1"));
  EXPECT_EQ(dead.standing(address("192.0.2.1"), kStart), Standing::Good);
}

TEST(DeadAddresses, RemembersWhatWasOutrunAsSlow) {
  DeadAddresses dead;
  dead.outrun(address("192.0.2.1"), kStart);
  EXPECT_EQ(dead.standing(address("192.0.2.1"), kStart), Standing::Slow);
  EXPECT_EQ(dead.standing(address("192.0.2.1"), kStart + DeadAddresses::kKept), Standing::Good);
  dead.failed(address("192.0.2.1"), kStart);
  dead.outrun(address("192.0.2.1"), kStart);
  EXPECT_EQ(dead.standing(address("192.0.2.1"), kStart), Standing::Dead) << "that is worse";
}

TEST(DeadAddresses, AreBounded) {
  DeadAddresses dead;
  for (std::size_t i = 0; i <= DeadAddresses::kMost; ++i) {
    dead.failed(address("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)), kStart);
  }
  EXPECT_EQ(dead.standing(address("10.0.0.0"), kStart), Standing::Good) << "the first of too many";
  EXPECT_EQ(dead.standing(address("10.0.0.1"), kStart), Standing::Dead);
}

}  // namespace
}  // namespace signpost::delivery
