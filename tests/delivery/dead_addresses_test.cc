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
  EXPECT_FALSE(dead.contains(address("192.0.2.1"), kStart));
  dead.failed(address("192.0.2.1"), kStart);
  EXPECT_TRUE(dead.contains(address("192.0.2.1"), kStart));
  EXPECT_TRUE(dead.contains(address("192.0.2.1"), kStart + DeadAddresses::kKept - milliseconds(1)));
  EXPECT_FALSE(dead.contains(address("192.0.2.1"), kStart + DeadAddresses::kKept));
}

TEST(DeadAddresses, OtherAddressesAreNotAffected) {
  DeadAddresses dead;
  dead.failed(address("192.0.2.1"), kStart);
  EXPECT_FALSE(dead.contains(address("192.0.2.2"), kStart));
  EXPECT_FALSE(dead.contains(address("192.0.2.1", 2525), kStart));
}

TEST(DeadAddresses, WhatAnswersIsForgottenAtOnce) {
  DeadAddresses dead;
  dead.failed(address("192.0.2.1"), kStart);
  dead.answered(address("192.0.2.1"));
  EXPECT_FALSE(dead.contains(address("192.0.2.1"), kStart));
}

TEST(DeadAddresses, AreBounded) {
  DeadAddresses dead;
  for (std::size_t i = 0; i <= DeadAddresses::kMost; ++i) {
    dead.failed(address("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)), kStart);
  }
  EXPECT_FALSE(dead.contains(address("10.0.0.0"), kStart)) << "the first of too many";
  EXPECT_TRUE(dead.contains(address("10.0.0.1"), kStart));
}

}  // namespace
}  // namespace signpost::delivery
