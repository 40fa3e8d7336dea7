#include "relay/doubts.h"

#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::relay {
namespace {

using std::chrono::hours;
using Texts = std::vector<std::string>;

constexpr std::string_view kSelfSigned =
    "is self-signed: clients refuse it unless they are set up to trust it; get one issued by an "
    "authority that they know";

class CertificateDoubts : public testing::Test {
 protected:
  Texts doubts(SystemTime now, const std::string& host = "mail.shop.example") const {
    Texts found = certificate_doubts(*certificate_, host, now);
    std::erase(found, kSelfSigned);
    return found;
  }

  std::shared_ptr<const net::Certificate> certificate_ =
      net::Certificate::from_pem(
          test::make_certificate({"DNS:mail.shop.example", "DNS:smtp.shop.example"}).certificate)
          .value();
  SystemTime begin_ = certificate_->not_before();
  SystemTime end_ = certificate_->not_after();
};

TEST_F(CertificateDoubts, NameItsTime) {
  ASSERT_EQ(doubts(begin_ - hours(1)).size(), 1U);
  EXPECT_TRUE(doubts(begin_ - hours(1))[0].starts_with("is not valid before 2"))
      << doubts(begin_)[0];
  ASSERT_EQ(doubts(end_).size(), 1U);
  EXPECT_TRUE(doubts(end_)[0].starts_with("expired at 2"));
  ASSERT_EQ(doubts(end_ - hours(25)).size(), 1U);
  EXPECT_TRUE(doubts(end_ - hours(25))[0].starts_with("expires at 2"));
  EXPECT_TRUE(doubts(end_ - hours(25))[0].ends_with(", in 1 day; renew it and reload"));
}

TEST_F(CertificateDoubts, NameTheHostNotCovered) {
  EXPECT_EQ(doubts(begin_, "smtp.shop.example").size(), 1U) << "its end alone";
  const Texts found = doubts(begin_, "other.example");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1],
            "is not valid for other.example (hostname), only for \"mail.shop.example\", "
            "\"smtp.shop.example\": clients that connect by that name refuse it");
}

TEST_F(CertificateDoubts, NameACertificateThatIsSignedByItself) {
  const Texts found = certificate_doubts(*certificate_, "mail.shop.example", begin_);
  EXPECT_EQ(std::ranges::count(found, kSelfSigned), 1) << found.front();
}

class ChangeDoubts : public testing::Test {
 protected:
  static Settings with(const std::string& logins) {
    Settings settings;
    auto config = std::make_shared<config::Config>();
    config->users_file = "users.toml";
    settings.config = std::move(config);
    std::string toml;
    for (const char login : logins) {
      toml += std::string("[") + login +
              "]\npassword = \"{ARGON2ID}$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA\"\n";
    }
    settings.users = auth::Users::parse(toml, "users.toml").value();
    return settings;
  }
};

TEST_F(ChangeDoubts, NameTheLoginsThatAReloadRemoves) {
  EXPECT_EQ(doubts_about_change(with("ab"), with("abc")), Texts());
  EXPECT_EQ(doubts_about_change(with("ab"), with("cab")), Texts());
  EXPECT_EQ(
      doubts_about_change(with("abcdefg"), with("a")),
      Texts{"users.toml: 6 of 7 logins are gone: \"b\", \"c\", \"d\", \"e\", \"f\" and 1 more; "
            "if that is not intended, the file was read while it was being written: reload "
            "again"});
  EXPECT_EQ(doubts_about_change(with("ab"), with("ac")).size(), 1U) << "as many, but not the same";
}

TEST(Doubts, AnAddressOfAnotherMachineIsNamed) {
  Settings settings;
  auto config = std::make_shared<config::Config>();
  config->file = "signpost.toml";
  config->listeners.emplace_back().bind = net::SocketAddress::parse("192.0.2.55:587").value();
  config->listeners.emplace_back().bind = net::SocketAddress::parse("127.0.0.1:587").value();
  config->listeners.emplace_back().bind = net::SocketAddress::parse("0.0.0.0:587").value();
  config->admin_bind = net::SocketAddress::parse("192.0.2.56:8025").value();
  config->delivery.source = {net::IpAddress::parse("192.0.2.57").value()};
  settings.config = config;
  EXPECT_EQ(doubts(settings, system_now()),
            (Texts{"signpost.toml: listener.bind: 192.0.2.55 is not an address of this machine "
                   "now; serve cannot start before it is",
                   "signpost.toml: admin.bind: 192.0.2.56 is not an address of this machine now; "
                   "serve cannot start before it is",
                   "signpost.toml: delivery.source: 192.0.2.57 is not an address of this machine "
                   "now; mail cannot be sent from it before it is"}));
}

}  // namespace
}  // namespace signpost::relay
