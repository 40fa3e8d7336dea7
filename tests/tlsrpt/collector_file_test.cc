#include "tlsrpt/collector_file.h"

#include "tests/support/manual_clock.h"
#include "tests/support/temporary_directory.h"
#include "tests/tlsrpt/sessions.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>

namespace signpost::tlsrpt {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTitle = "signpost tls reports 1\n";

std::string problem(const std::string& lines) {
  const auto kept = parse_collector(std::string(kTitle) + lines);
  return kept ? "" : kept.error().detail;
}

class CollectorFile : public testing::Test {
 protected:
  CollectorFile() {
    collector_.set_wanted(true);
    collector_.record(test::good());
    collector_.record(test::bad(ResultType::CertificateExpired, "certificate has expired"));
    collector_.record(test::good(test::tlsa_policy()));
    Session nobody = test::good();
    nobody.recipient_domain = "";
    collector_.record(nobody);
  }

  signpost::test::ManualClock clock_;
  Collector collector_{clock_, Random(1)};
};

TEST_F(CollectorFile, TextIsReadBack) {
  Aggregate tried = collector_.all().front();
  tried.delivered = {"https://receiver.example/tls"};
  tried.detail = "busy";
  collector_.settle(tried);
  const Collector::Kept kept = collector_.keep();
  EXPECT_EQ(parse_collector(collector_text(kept)).value(), kept);
  EXPECT_EQ(kept.left_out.size(), 1U);
}

TEST_F(CollectorFile, ARestartGoesOnCounting) {
  const signpost::test::TemporaryDirectory folder;
  const std::string file = folder.path() + "/tls-reports";
  EXPECT_TRUE(collector_.unsaved());
  ASSERT_TRUE(save_collector(file, collector_));
  EXPECT_FALSE(collector_.unsaved());

  Collector again(clock_);
  again.set_wanted(true);
  ASSERT_TRUE(load_collector(file, again));
  EXPECT_EQ(again.all(), collector_.all());
  EXPECT_FALSE(again.unsaved());
  again.record(test::good());
  EXPECT_EQ(again.all().front().sessions(), collector_.all().front().sessions() + 1);
  EXPECT_EQ(again.all().front().policies.size(), 2U);
}

TEST_F(CollectorFile, WithoutAFileNothingWasCounted) {
  const signpost::test::TemporaryDirectory folder;
  Collector empty(clock_);
  EXPECT_TRUE(load_collector(folder.path() + "/tls-reports", empty));
  EXPECT_TRUE(empty.all().empty());
}

TEST_F(CollectorFile, ADamagedFileChangesNothing) {
  const signpost::test::TemporaryDirectory folder;
  const std::string file = folder.path() + "/tls-reports";
  std::ofstream(file) << collector_text(collector_.keep()) << "{\n";
  Collector empty(clock_);
  EXPECT_FALSE(load_collector(file, empty));
  EXPECT_TRUE(empty.all().empty());
}

TEST_F(CollectorFile, WhatCannotBeSavedIsSavedLater) {
  EXPECT_FALSE(save_collector("/nonexistent/tls-reports", collector_));
  EXPECT_TRUE(collector_.unsaved());
}

TEST(CollectorText, DamageIsNoticed) {
  EXPECT_EQ(parse_collector("signpost warm-up 1\n").error().detail, "is not a file of TLS reports");
  const std::string good =
      R"({"day":20000,"domain":"a.example","state":"waiting","due":1700000000,"delivered":[],"refused":[],)"
      R"("detail":"","left_out":0,"policies":[]})";
  EXPECT_EQ(problem(good + "\n"), "");
  EXPECT_EQ(problem(R"({"day":20000,"left_out":5})"
                    "\n"),
            "");
  for (const std::string& line :
       {good, std::string("\n"), std::string("[]\n"), std::string("{\"day\":20000}\n"),
        std::string("{\"day\":-1,\"left_out\":5}\n"), std::string("{\"day\":2e9,\"left_out\":5}\n"),
        std::string("{\"day\":20000,\"left_out\":-5}\n")}) {
    EXPECT_EQ(problem(line), "line 2 is damaged") << line;
  }
}

}  // namespace
}  // namespace signpost::tlsrpt
