#include "delivery/provider.h"

#include <gtest/gtest.h>

namespace signpost::delivery {
namespace {

std::string_view provider(std::string_view host) { return relay::kProviders[provider_of(host)]; }

TEST(Provider, IsRecognizedByTheNameOfTheMxHost) {
  EXPECT_EQ(provider("gmail-smtp-in.l.google.com"), "google");
  EXPECT_EQ(provider("aspmx.l.google.com"), "google");
  EXPECT_EQ(provider("shop-example.mail.protection.outlook.com"), "microsoft");
  EXPECT_EQ(provider("mta7.am0.yahoodns.net"), "yahoo");
  EXPECT_EQ(provider("mx00.gmx.net"), "gmx");
}

TEST(Provider, ANameThatOnlyLooksLikeOneIsOther) {
  EXPECT_EQ(provider("google.com.evil.example"), "other");
  EXPECT_EQ(provider("notgoogle.com"), "other");
  EXPECT_EQ(provider("192.0.2.1"), "other");
  EXPECT_EQ(provider(""), "other");
}

relay::ReplyClass classify(int code, smtp::EnhancedStatus status, std::string text = "") {
  const Outcome outcome = code >= 500 ? Outcome::Failed : Outcome::Delayed;
  return class_of({outcome, {code, status, std::move(text)}});
}

TEST(ReplyClass, FollowsTheEnhancedStatus) {
  EXPECT_EQ(class_of({Outcome::Delivered, {250, {2, 0, 0}, "ok"}}), relay::ReplyClass::Accepted);
  EXPECT_EQ(classify(550, {5, 1, 1}), relay::ReplyClass::Address);
  EXPECT_EQ(classify(452, {4, 2, 2}), relay::ReplyClass::Mailbox);
  EXPECT_EQ(classify(550, {5, 7, 1}), relay::ReplyClass::Policy);
  EXPECT_EQ(classify(552, {5, 3, 4}), relay::ReplyClass::Content);
  EXPECT_EQ(class_of(local(Outcome::Delayed, {4, 4, 1}, "connection refused")),
            relay::ReplyClass::Network);
}

}  // namespace
}  // namespace signpost::delivery
