// What `signpost init` writes and prints, as text.
#include "commands/setup.h"

#include <gtest/gtest.h>

namespace signpost::commands {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }

Setup shop() {
  return {.hostname = "mail.shop.example",
          .domain = "shop.example",
          .selector = "s1",
          .certificate = "/tls/fullchain.pem",
          .key = "/tls/privkey.pem",
          .login = "shop",
          .listeners = {{"0.0.0.0:587", false}, {"[::]:465", true}},
          .account = {},
          .data_dir = ""};
}

SetupFacts facts() {
  return {.config_file = "/etc/signpost/signpost.toml",
          .dkim_record = "s1._domainkey.shop.example. IN TXT \"v=DKIM1; k=rsa; p=AAAA\"",
          .public_key_hash = "00ff",
          .addresses = {ip("192.0.2.25")},
          .service = true};
}

TEST(FirstSetup, TheDomainIsTheOneAboveTheHost) {
  EXPECT_EQ(default_domain("mail.shop.example"), "shop.example");
  EXPECT_EQ(default_domain("a.b.shop.example"), "b.shop.example");
  EXPECT_EQ(default_domain("shop.example"), "shop.example");
  EXPECT_EQ(default_login("shop.example"), "shop");
}

TEST(FirstSetup, WritesWhatIsNotDefault) {
  const std::string text = configuration_text(shop());
  EXPECT_TRUE(has(text, "hostname = \"mail.shop.example\"\n")) << text;
  EXPECT_TRUE(has(text, "postmaster = \"postmaster@shop.example\"\n")) << text;
  EXPECT_TRUE(has(text, "bind = \"0.0.0.0:587\"\n\n")) << text;
  EXPECT_TRUE(has(text, "bind = \"[::]:465\"\nmode = \"implicit\"\n")) << text;
  EXPECT_TRUE(has(text, "key = \"dkim/shop.example.s1.pem\"\n")) << text;
  EXPECT_FALSE(has(text, "data_dir")) << text;
  EXPECT_FALSE(has(text, "user =")) << text;

  auto elsewhere = shop();
  elsewhere.data_dir = "/srv/\"queue\"";
  elsewhere.account = "";
  EXPECT_TRUE(has(configuration_text(elsewhere), "data_dir = \"/srv/\\\"queue\\\"\"\n"))
      << configuration_text(elsewhere);
  EXPECT_TRUE(has(configuration_text(elsewhere), "user = \"\"\n")) << configuration_text(elsewhere);
}

TEST(FirstSetup, RecordsAreLinesOfAZoneFile) {
  const std::string text = records_text(shop(), facts());
  EXPECT_TRUE(has(text, "\ns1._domainkey.shop.example. IN TXT \"v=DKIM1; k=rsa; p=AAAA\"\n"))
      << text;
  EXPECT_TRUE(has(text, "\nshop.example. IN TXT \"v=spf1 a:mail.shop.example ~all\"\n")) << text;
  EXPECT_TRUE(has(text, "\nmail.shop.example. IN TXT \"v=spf1 a -all\"\n")) << text;
  EXPECT_TRUE(has(text, "\n_dmarc.shop.example. IN TXT \"v=DMARC1; p=none; ")) << text;
  EXPECT_TRUE(has(text, "\nmail.shop.example. IN A 192.0.2.25\n")) << text;
  EXPECT_TRUE(has(text, "\n25.2.0.192.in-addr.arpa. IN PTR mail.shop.example.\n")) << text;
  EXPECT_TRUE(has(text, "\n_587._tcp.mail.shop.example. IN TLSA 3 1 1 00ff\n")) << text;
  EXPECT_TRUE(has(text, "\n_465._tcp.mail.shop.example. IN TLSA 3 1 1 00ff\n")) << text;
}

TEST(FirstSetup, OneNameHasOneSpfRecord) {
  auto setup = shop();
  setup.domain = setup.hostname;
  EXPECT_FALSE(has(records_text(setup, facts()), "v=spf1 a -all")) << records_text(setup, facts());
}

TEST(FirstSetup, AnAddressThatNobodyKnowsIsToBeFilledIn) {
  SetupFacts unknown = facts();
  unknown.addresses.clear();
  EXPECT_TRUE(has(records_text(shop(), unknown), "\nmail.shop.example. IN A ADDRESS ;"))
      << records_text(shop(), unknown);
}

TEST(FirstSetup, TheChecklistFitsThePlace) {
  EXPECT_TRUE(has(checklist_text(shop(), facts()), "systemctl start signpost"))
      << checklist_text(shop(), facts());
  EXPECT_TRUE(has(checklist_text(shop(), facts()),
                  "Ports 587 and 465 from your clients to this machine are open"))
      << checklist_text(shop(), facts());
  EXPECT_FALSE(has(checklist_text(shop(), facts()), "deploy-hook"))
      << checklist_text(shop(), facts());
  SetupFacts elsewhere = facts();
  elsewhere.service = false;
  elsewhere.config_file = "/srv/relay/signpost.toml";
  EXPECT_TRUE(has(checklist_text(shop(), elsewhere), "signpost serve -c /srv/relay/signpost.toml"))
      << checklist_text(shop(), elsewhere);
  auto certbots = shop();
  certbots.certificate = "/etc/letsencrypt/live/mail.shop.example/fullchain.pem";
  EXPECT_TRUE(has(checklist_text(certbots, facts()),
                  "RENEWED_LINEAGE=/etc/letsencrypt/live/mail.shop.example /usr/share/signpost/"
                  "certbot-deploy-hook\n"))
      << checklist_text(certbots, facts());
}

TEST(FirstSetup, ReverseNamesCountFromTheEnd) {
  EXPECT_EQ(reverse_name(ip("192.0.2.1")), "1.2.0.192.in-addr.arpa.");
  EXPECT_EQ(reverse_name(ip("2001:db8::12")),
            "2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
}

TEST(FirstSetup, PrivateAddressesAreNotPublished) {
  for (const char* text : {"192.0.2.1", "8.8.8.8", "172.32.0.1", "2001:db8::1"}) {
    EXPECT_TRUE(is_public(ip(text))) << text;
  }
  for (const char* text : {"127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "100.64.0.1",
                           "169.254.1.1", "::1", "fe80::1", "fd00::1"}) {
    EXPECT_FALSE(is_public(ip(text))) << text;
  }
}

}  // namespace
}  // namespace signpost::commands
