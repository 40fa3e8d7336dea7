#include "delivery/site_pauses.h"

#include "delivery/site_pauses_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

SystemTime at(int seconds) { return SystemTime(std::chrono::seconds(seconds)); }

TEST(SitePauses, ASiteIsPausedByItsKeyOrItsGroup) {
  SitePauses pauses;
  EXPECT_EQ(pauses.find("mx:a.example", "google"), nullptr);
  EXPECT_TRUE(pauses.add({.site = "google", .by = "root", .reason = ""}));
  ASSERT_NE(pauses.find("mx:a.example", "google"), nullptr);
  EXPECT_EQ(pauses.find("mx:a.example", ""), nullptr);
  EXPECT_TRUE(pauses.add({.site = "mx:a.example", .by = "me", .reason = ""}));
  EXPECT_EQ(pauses.find("mx:a.example", "google")->by, "me");
  EXPECT_EQ(pauses.find("mx:b.example", "google")->by, "root");
  EXPECT_TRUE(pauses.remove("google"));
  EXPECT_FALSE(pauses.remove("google"));
  EXPECT_EQ(pauses.find("mx:b.example", "google"), nullptr);
}

TEST(SitePauses, AReceiverIsPausedForAllSources) {
  SitePauses pauses;
  EXPECT_TRUE(pauses.add({.site = "mx:a.example", .by = "root", .reason = ""}));
  EXPECT_TRUE(pauses.add({.site = "mx:b.example from=192.0.2.1", .by = "root", .reason = ""}));
  EXPECT_NE(pauses.find("mx:a.example from=192.0.2.1,192.0.2.2", ""), nullptr);
  EXPECT_NE(pauses.find("mx:b.example from=192.0.2.1", ""), nullptr);
  EXPECT_EQ(pauses.find("mx:b.example from=192.0.2.2", ""), nullptr);
  EXPECT_EQ(pauses.find("mx:b.example", ""), nullptr);
}

TEST(SitePauses, ThoseWhoseTimeIsOverAreTakenOut) {
  SitePauses pauses;
  EXPECT_TRUE(pauses.add({.site = "a", .until = at(100), .by = "", .reason = ""}));
  EXPECT_TRUE(pauses.add({.site = "b", .until = at(200), .by = "", .reason = ""}));
  EXPECT_TRUE(pauses.add({.site = "c", .by = "", .reason = ""}));
  EXPECT_TRUE(pauses.take_over(at(99)).empty());
  ASSERT_EQ(pauses.take_over(at(100)).size(), 1u);
  ASSERT_EQ(pauses.take_over(at(1000)).size(), 1u);
  ASSERT_EQ(pauses.all().size(), 1u);
  EXPECT_EQ(pauses.all().front().site, "c");
}

TEST(SitePauses, TheWordsNameWhoWhyAndUntilWhen) {
  EXPECT_EQ(words_of({.site = "a", .until = at(0), .by = "root", .reason = "they asked"}),
            "paused by root until 1970-01-01T00:00:00Z: they asked");
  EXPECT_EQ(words_of({.site = "a", .by = "root", .reason = ""}),
            "paused by root until it is resumed");
}

TEST(SitePausesFile, IsReadAsItWasWritten) {
  const std::vector<SitePause> pauses{
      {.site = "mx:a.example>b.example [x]",
       .since = at(5),
       .until = at(7),
       .by = "root, uid 0",
       .reason = ""},
      {.site = "google", .since = at(6), .by = "", .reason = "their wish: ticket 7"}};
  const auto read = parse_site_pauses(site_pauses_text(pauses));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, pauses);
  EXPECT_TRUE(parse_site_pauses(site_pauses_text({}))->empty());
}

TEST(SitePausesFile, NoTextMakesALineOfItsOwn) {
  const auto read = parse_site_pauses(
      site_pauses_text({{.site = "a", .by = "b\tc", .reason = "two\nlines\x7f"}}));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().by, "b c");
  EXPECT_EQ(read->front().reason, "two lines ");
}

TEST(SitePausesFile, ADamagedFileIsRefusedAsAWhole) {
  const std::string title = "signpost site pauses 1\n";
  for (const char* rest :
       {"1 - a\tb\tc", "1 - a\tb\n", "x - a\tb\tc\n", "1 x a\tb\tc\n", "-1 - a\tb\tc\n",
        "1 - \tb\tc\n", "1 99999999999999 a\tb\tc\n", "\n", "1 - a\tb\tc\td\n"}) {
    EXPECT_FALSE(parse_site_pauses(title + rest)) << rest;
  }
  EXPECT_FALSE(parse_site_pauses(""));
  EXPECT_FALSE(parse_site_pauses("signpost site pauses 2\n"));
  EXPECT_TRUE(parse_site_pauses(title + "1 - a\tb\t\n"));
}

}  // namespace
}  // namespace signpost::delivery
