#include "delivery/address_places.h"

#include "delivery/site.h"

#include <gtest/gtest.h>

#include <string_view>

namespace signpost::delivery {
namespace {

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }
std::shared_ptr<Site> site() { return std::make_shared<Site>(NextHop{}, 1); }

TEST(AddressPlaces, AreCountedByAddressAndBySixtyFourBitsOfIpv6) {
  AddressPlaces places;
  EXPECT_TRUE(places.take(ip("192.0.2.1"), 1));
  EXPECT_FALSE(places.take(ip("192.0.2.1"), 1));
  EXPECT_TRUE(places.take(ip("192.0.2.1"), 2)) << "for a site that may have more";
  EXPECT_TRUE(places.take(ip("192.0.2.2"), 1));
  EXPECT_TRUE(places.take(ip("2001:db8::1"), 1));
  EXPECT_FALSE(places.take(ip("2001:db8::2"), 1));
  EXPECT_TRUE(places.take(ip("2001:db8:0:1::2"), 1));
  places.give_back(ip("2001:db8::1"));
  EXPECT_TRUE(places.take(ip("2001:db8::2"), 1));
}

TEST(AddressPlaces, ThoseWhoWaitAreServedInTheirOrder) {
  AddressPlaces places;
  ASSERT_TRUE(places.take(ip("192.0.2.1"), 1));
  const auto first = site();
  const auto second = site();
  places.waiting(ip("192.0.2.1")).add(first, {});
  places.waiting(ip("192.0.2.1")).add(second, {});
  EXPECT_TRUE(places.is_wanted(ip("192.0.2.1")));
  EXPECT_FALSE(places.is_wanted(ip("192.0.2.2")));
  EXPECT_EQ(places.next(ip("192.0.2.1"))->site, first);
  EXPECT_EQ(places.next(ip("192.0.2.1"))->site, second);
  EXPECT_FALSE(places.next(ip("192.0.2.1")));
}

TEST(AddressPlaces, WhatIsNotUsedIsForgotten) {
  AddressPlaces places;
  ASSERT_TRUE(places.take(ip("192.0.2.1"), 1));
  places.waiting(ip("192.0.2.1")).add(site(), {});
  places.give_back(ip("192.0.2.1"));
  EXPECT_EQ(places.addresses(), 1u) << "somebody waits";
  EXPECT_TRUE(places.next(ip("192.0.2.1")));
  EXPECT_EQ(places.addresses(), 0u);
}

}  // namespace
}  // namespace signpost::delivery
