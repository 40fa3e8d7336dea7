#include "relay/doubts.h"

#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
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
  EXPECT_TRUE(doubts(end_ - hours(25))[0].ends_with(
      ", in 1 day; renew it: the relay takes the new files by itself"));
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

Texts texts_of(const std::vector<config::ConfigError>& doubts) {
  Texts texts;
  for (const config::ConfigError& doubt : doubts) texts.push_back(doubt.text());
  return texts;
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
  config->places = {{"listener.bind", 3, 8}, {"listener.bind", 5, 8}, {"delivery.source", 9, 10}};
  settings.config = config;
  EXPECT_EQ(
      texts_of(doubts(settings, system_now())),
      (Texts{"signpost.toml:3:8: listener.bind: 192.0.2.55 is not an address of this machine "
             "now; serve cannot start before it is",
             "signpost.toml: admin.bind: 192.0.2.56 is not an address of this machine now; "
             "serve cannot start before it is",
             "signpost.toml:9:10: delivery.source: 192.0.2.57 is not an address of this machine "
             "now; mail cannot be sent from it before it is"}));
}

TEST(Doubts, ATenantsNetworkThatNoListenerTrustsIsNamed) {
  config::Config config;
  const auto network = [](const char* text) { return net::Network::parse(text).value(); };
  config.listeners.emplace_back().trusted_networks = {network("10.1.0.0/16")};
  config.tenants.emplace_back().name = "a";
  config.tenants.emplace_back().networks = {network("10.1.7.0/24"), network("10.0.0.0/8")};
  config.tenants.emplace_back().networks = {network("10.2.0.0/16")};
  Settings settings;
  settings.config = std::make_shared<config::Config>(config);
  std::vector<config::ConfigError> found = doubts(settings, SystemTime{});
  std::erase_if(found,
                [](const config::ConfigError& each) { return each.key != "tenant.networks"; });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(
      found[0].message,
      "no listener has 10.2.0.0/16 in trusted_networks: its clients must log in, and count as "
      "what their login is");
}

TEST(Doubts, ARouteThatLeadsHereIsNamed) {
  Settings settings;
  auto config = std::make_shared<config::Config>();
  config->hostname = "mail.shop.example";
  config->listeners.emplace_back().bind = net::SocketAddress::parse("0.0.0.0:587").value();
  config->admin_bind.reset();
  const auto loops = [&](const std::string& host, std::uint16_t port) {
    config->routes.assign(1, config::RouteConfig());
    config::HopConfig& hop = config->routes[0].hops.emplace_back();
    hop.host = host;
    hop.port = port;
    settings.config = config;
    const Texts found = texts_of(doubts(settings, system_now()));
    return found.empty() ? std::string() : found.front();
  };
  EXPECT_EQ(loops("MAIL.shop.example", 587),
            "route.via: MAIL.shop.example is this relay's own hostname, and a listener has port "
            "587: the mail would come back; write the address of another server");
  EXPECT_TRUE(loops("localhost", 587).contains("localhost is this machine"));
  EXPECT_EQ(loops("mail.shop.example", 25), "") << "another program's port";
  EXPECT_EQ(loops("192.0.2.55", 587), "");
  EXPECT_EQ(loops("other.example", 587), "");
}

class KeyDoubts : public testing::Test {
 protected:
  void add_key(const std::string& domain, std::shared_ptr<const dkim::PrivateKey> key) {
    config::DkimConfig& dkim = config_->dkim.emplace_back();
    dkim.domain = domain;
    dkim.selector = "s1";
    dkim.key = domain + ".pem";
    settings_.dkim_keys.push_back(key);
    if (!key) return;
    dkim::SigningIdentity identity;
    identity.domain = domain;
    identity.selector = "s1";
    identity.key = std::move(key);
    settings_.keys.add(std::move(identity), false);
  }
  void users(const std::string& senders) {
    config_->users_file = "users.toml";
    settings_.users = auth::Users::parse(
                          "[shop]\npassword = \"{ARGON2ID}$argon2id$v=19$m=65536,t=2"
                          ",p=1$c2FsdA$aGFzaA\"\nsenders = [" +
                              senders + "]\n",
                          "users.toml")
                          .value();
  }
  Texts found() {
    config_->hostname = "shop.example";
    config_->postmaster = "postmaster@shop.example";
    config_->admin_bind.reset();
    settings_.config = config_;
    return texts_of(doubts(settings_, system_now()));
  }

  std::shared_ptr<const dkim::PrivateKey> key_ =
      dkim::PrivateKey::generate(dkim::Algorithm::Ed25519Sha256, 0).value();
  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  Settings settings_;
};

TEST_F(KeyDoubts, AShortKeyIsNamed) {
  config_->places = {{"dkim.key", 4, 7}, {"dkim.key", 8, 7}};
  add_key("shop.example", key_);
  add_key("old.example", dkim::PrivateKey::generate(dkim::Algorithm::RsaSha256, 1024).value());
  const Texts all = found();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0].starts_with(":8:7: dkim.key: old.example.pem: the RSA key has 1024 bits, "))
      << all[0];
}

TEST_F(KeyDoubts, ASendersDomainWithoutAKeyIsNamed) {
  add_key("shop.example", key_);
  users("\"@shop.example\", \"a@other.example\", \"b@other.example\"");
  EXPECT_EQ(found(),
            Texts{"auth.users: users.toml: logins may send with \"other.example\", for which there "
                  "is no [[dkim]] key: such mail goes out unsigned; make one with signpost dkim "
                  "keygen"});
  config_->unsigned_policy = config::UnsignedPolicy::Reject;
  ASSERT_EQ(found().size(), 1U);
  EXPECT_TRUE(found()[0].contains("such mail is refused (signing.unsigned)"));
  config_->tenants = {{.name = "acme", .domains = {"*.acme.example", "*"}}};
  EXPECT_TRUE(found()[0].contains("\"other.example\", \"*.acme.example\", for"));
}

TEST_F(KeyDoubts, OfKeysThatCannotBeReadNothingIsSupposed) {
  add_key("shop.example", nullptr);
  users("\"@shop.example\"");
  EXPECT_EQ(found(), Texts());
}

}  // namespace
}  // namespace signpost::relay
