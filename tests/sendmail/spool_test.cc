#include "sendmail/spool.h"

#include "base/check.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace signpost::sendmail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMost = 1 << 20;

Letter letter() {
  return {.sender = "a@b.example",
          .recipients = {"c@d.example", "e@f.example"},
          .notify = {smtp::Notify::kDelay},
          .ret = smtp::Return::Headers,
          .envelope_id = "id 1",
          .content = "From: a@b.example\r\n\r\nto x\r\n"};
}

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() { CHECK(::chmod(path().c_str(), 03777) == 0); }

  std::string path() const { return directory_.path(); }
  Spool spool() const {
    auto opened = Spool::open(path());
    CHECK(opened.has_value());
    return std::move(*opened);
  }
  std::string only_name() const {
    const auto names = spool().names(10);
    CHECK(names.size() == 1);
    return names.front();
  }
  std::string error_of(const std::string& name) const {
    const auto read = spool().read(name, kMost);
    return read ? "" : read.error().detail;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(SpoolTest, ALetterIsKeptWholeReadableForTheGroupAndItsOwnerIsItsSender) {
  ASSERT_TRUE(spool().keep(letter()));
  const auto read = spool().read(only_name(), kMost);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->letter, letter());
  EXPECT_EQ(read->owner, ::geteuid());
  struct stat facts{};
  ASSERT_EQ(::stat((path() + "/" + only_name()).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0640U);
  ASSERT_TRUE(spool().remove(only_name()));
  EXPECT_TRUE(spool().names(10).empty());
}

TEST_F(SpoolTest, WhatIsSetAsideNoLongerWaits) {
  ASSERT_TRUE(spool().keep(letter()));
  const std::string name = only_name();
  ASSERT_TRUE(spool().set_aside(name));
  EXPECT_TRUE(spool().names(10).empty());
  EXPECT_TRUE(fs::exists(path() + "/refused-" + name));
}

TEST_F(SpoolTest, OldestComeFirstAndNoMoreThanAsked) {
  for (const auto* name : {"letter-3", "letter-1", "letter-2", "other"}) {
    std::ofstream(path() + "/" + name) << "x";
  }
  EXPECT_EQ(spool().names(2), (std::vector<std::string>{"letter-1", "letter-2"}));
  EXPECT_TRUE(spool().names(2, ::geteuid() + 1).empty());
}

TEST_F(SpoolTest, WhatIsNotAPlainFileOfOneNameIsNotRead) {
  ASSERT_TRUE(spool().keep(letter()));
  const std::string name = only_name();
  fs::create_hard_link(path() + "/" + name, path() + "/letter-second");
  EXPECT_EQ(error_of(name), name + ": not a file with one link");
  fs::create_symlink(path() + "/" + name, path() + "/letter-link");
  EXPECT_NE(error_of("letter-link"), "");
  ASSERT_EQ(::mkfifo((path() + "/letter-fifo").c_str(), 0600), 0);
  EXPECT_EQ(error_of("letter-fifo"), "letter-fifo: not a file with one link");
  EXPECT_EQ(spool().read(name, 3).error().code, Errc::InvalidArgument);
}

TEST_F(SpoolTest, AFolderInWhichOthersCouldRemoveFilesIsRefused) {
  ASSERT_EQ(::chmod(path().c_str(), 0777), 0);
  EXPECT_FALSE(Spool::open(path()));
  EXPECT_FALSE(Spool::open(path() + "/none"));
}

TEST_F(SpoolTest, OneAccountMayKeepSoManyLettersAndNoMore) {
  for (std::size_t i = 0; i < kMostOfAccount; ++i) {
    std::ofstream(path() + (i == 0 ? "/refused-letter-" : "/letter-") + std::to_string(i));
  }
  const auto kept = spool().keep(letter());
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Errc::Unavailable);
}

TEST_F(SpoolTest, OnlyAFileOfTheRelayItselfNamesAnotherAccount) {
  ASSERT_TRUE(spool().keep(letter(), 33));
  EXPECT_EQ(spool().read(only_name(), kMost)->owner, 33U);
  if (::geteuid() != 0) GTEST_SKIP() << "giving a file away needs root";
  ASSERT_EQ(::chown((path() + "/" + only_name()).c_str(), 65534, 65534), 0);
  EXPECT_EQ(spool().read(only_name(), kMost)->owner, 65534U);
}

TEST(SpoolFile, WhatWasNotWrittenByUsIsNotALetter) {
  const std::string good = encode(letter());
  ASSERT_TRUE(decode(good));
  EXPECT_EQ(decode(good)->letter, letter());
  EXPECT_FALSE(decode(good)->owner);
  EXPECT_EQ(decode(encode(letter(), 7))->owner, 7U);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode(std::string_view(good).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode(good + "x"));
  const auto with = [&](std::string_view line) {
    std::string text = good;
    return text.insert(text.find("from "), line);
  };
  EXPECT_TRUE(decode(with("to g@h.example\n")));
  EXPECT_FALSE(decode(with("to g@h.example>\n")));
  EXPECT_FALSE(decode(with("to <g@h.example>\n")));
  EXPECT_FALSE(decode(with("to g@h.example\r\n")));
  EXPECT_FALSE(decode(with("notify 16\n")));
  EXPECT_FALSE(decode(with("unknown 1\n")));
}

}  // namespace
}  // namespace signpost::sendmail
