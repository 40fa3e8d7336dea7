#include "sendmail/invocation.h"

#include "base/check.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace signpost::sendmail {
namespace {

using Words = std::vector<std::string_view>;
using Texts = std::vector<std::string>;

Invocation parsed(const Words& words) {
  auto call = parse_invocation(words);
  CHECK(call.has_value());
  return std::move(*call);
}

std::string fault(const Words& words) {
  const auto call = parse_invocation(words);
  return call ? "" : call.error();
}

TEST(Invocation, WithoutOptionsItSendsToItsArguments) {
  const Invocation call = parsed({"a@b.example", "<c@d.example>", "www-data"});
  EXPECT_EQ(call.mode, Mode::Deliver);
  EXPECT_EQ(call.recipients, (Texts{"a@b.example", "c@d.example", "www-data"}));
  EXPECT_FALSE(call.recipients_from_header);
  EXPECT_FALSE(call.dot_is_text);
  EXPECT_FALSE(call.sender);
  EXPECT_FALSE(call.full_name);
}

TEST(Invocation, AsItsCallersCallIt) {
  const Invocation php = parsed({"-t", "-i"});
  EXPECT_TRUE(php.recipients_from_header && php.dot_is_text);

  const Invocation mailer = parsed({"-t", "-i", "-f", "host@b.example", "-oi", "-fshop@b.example"});
  EXPECT_EQ(mailer.sender, "shop@b.example") << "the last one counts";

  const Invocation cron = parsed({"-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"});
  EXPECT_EQ(cron.full_name, "CronDaemon");
  EXPECT_EQ(cron.recipients, Texts{"root"});
  EXPECT_FALSE(cron.recipients_from_header);

  const Invocation git = parsed({"-i", "-f", "me@b.example", "a@b.example"});
  EXPECT_EQ(git.sender, "me@b.example");
  EXPECT_EQ(git.recipients, Texts{"a@b.example"});

  const Invocation nail = parsed({"-i", "-r", "me@b.example", "--", "-a@b.example"});
  EXPECT_EQ(nail.sender, "me@b.example");
  EXPECT_EQ(nail.recipients, Texts{"-a@b.example"});
}

TEST(Invocation, FlagsAndValuesMayBeJoined) {
  const Invocation call = parsed({"-tiF", "A B", "-fa@b.example", "-N", "success,delay", "-Rhdrs"});
  EXPECT_TRUE(call.recipients_from_header && call.dot_is_text);
  EXPECT_EQ(call.full_name, "A B");
  EXPECT_EQ(call.sender, "a@b.example");
  EXPECT_EQ(call.notify.bits, smtp::Notify::kSuccess | smtp::Notify::kDelay);
  EXPECT_EQ(call.ret, smtp::Return::Headers);
  EXPECT_EQ(parsed({"-V", "abc", "-R", "full", "x"}).envelope_id, "abc");
  EXPECT_EQ(parsed({"-R", "FULL", "x"}).ret, smtp::Return::Full);
}

TEST(Invocation, TheNullSenderHasThreeSpellings) {
  EXPECT_EQ(parsed({"-f", "", "x"}).sender, "");
  EXPECT_EQ(parsed({"-f<>", "x"}).sender, "");
  EXPECT_EQ(parsed({"-f", "<>", "x"}).sender, "");
  EXPECT_EQ(parsed({"-f", "Shop <a@b.example>"}).sender, "a@b.example");
}

TEST(Invocation, ModesHaveTheirLetters) {
  EXPECT_EQ(parsed({"-bm"}).mode, Mode::Deliver);
  EXPECT_EQ(parsed({"-b", "s"}).mode, Mode::Session);
  EXPECT_EQ(parsed({"-bp"}).mode, Mode::PrintQueue);
  EXPECT_EQ(parsed({"-bi"}).mode, Mode::InitAliases);
  EXPECT_EQ(parsed({"-q"}).mode, Mode::RunQueue);
  EXPECT_EQ(parsed({"-q30m"}).mode, Mode::RunQueue);
  for (const auto* mode : {"-bd", "-bt", "-bv", "-bD", "-bh", "-b"}) {
    EXPECT_NE(fault({mode}), "") << mode;
  }
}

TEST(Invocation, WhatMeansNothingHereIsAcceptedWithItsValue) {
  const Invocation call =
      parsed({"-v",   "-m",        "-U",  "-Am",        "-B", "8BITMIME", "-O", "DeliveryMode=b",
              "-odb", "-oex",      "-ez", "-h5",        "-L", "tag",      "-p", "smtp:host",
              "-X",   "/dev/null", "-d0", "a@b.example"});
  EXPECT_EQ(call.recipients, Texts{"a@b.example"});
  EXPECT_FALSE(call.dot_is_text);
  EXPECT_EQ(call.errors, ErrorMode::Print);
  EXPECT_TRUE(parsed({"-o", "i"}).dot_is_text);
  EXPECT_TRUE(parsed({"-ot"}).recipients_from_header);
}

TEST(Invocation, HowErrorsAreToldHasItsLettersInTwoForms) {
  EXPECT_EQ(parsed({"x"}).errors, ErrorMode::Print);
  EXPECT_EQ(parsed({"-oem", "x"}).errors, ErrorMode::Mail);
  EXPECT_EQ(parsed({"-oew", "x"}).errors, ErrorMode::Mail);
  EXPECT_EQ(parsed({"-o", "em", "x"}).errors, ErrorMode::Mail);
  EXPECT_EQ(parsed({"-em", "x"}).errors, ErrorMode::Mail);
  EXPECT_EQ(parsed({"-e", "e", "x"}).errors, ErrorMode::MailAndSucceed);
  EXPECT_EQ(parsed({"-oee", "x"}).errors, ErrorMode::MailAndSucceed);
  EXPECT_EQ(parsed({"-oeq", "x"}).errors, ErrorMode::Quiet);
  EXPECT_EQ(parsed({"-oeq", "-oep", "x"}).errors, ErrorMode::Print) << "the last one counts";
}

TEST(Invocation, OptionsEndAtTheFirstAddress) {
  const Invocation call = parsed({"a@b.example", "-t", "-C/tmp/evil"});
  EXPECT_FALSE(call.recipients_from_header);
  EXPECT_FALSE(call.config_file);
  EXPECT_EQ(call.recipients.size(), 3U);
}

TEST(Invocation, MistakesAreNamed) {
  EXPECT_EQ(fault({"-z"}), "option -z: unknown");
  EXPECT_EQ(fault({"-f"}), "option -f: needs a value");
  EXPECT_EQ(fault({"-Nmaybe"}),
            "-N maybe: expected never, or success, failure and delay with commas");
  EXPECT_EQ(fault({"-N", "never,delay"}), "-N never,delay: never excludes the others");
  EXPECT_EQ(fault({"-V", "a\nto x@b.example"}),
            "-V a\\x0ato x@b.example: expected at most 100 printable octets");
  EXPECT_EQ(fault({"-Rsome"}), "-R some: expected full or hdrs");
  EXPECT_EQ(fault({"-bt"}), "-b t: not supported; signpost serve is the server");
}

}  // namespace
}  // namespace signpost::sendmail
