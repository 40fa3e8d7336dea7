#include "mta_sts/policies_file.h"

#include "metrics/registry.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace signpost::mta_sts {
namespace {

using namespace std::chrono_literals;

const std::string kText =
    "signpost mta-sts policies 1\n"
    "1699999999 20160831 a.example\tversion: STSv1\tmode: enforce\tmx: *.a.example\t"
    "max_age: 604800\n"
    "1699990000 2 b.example\tversion: STSv1\tmode: none\tmax_age: 86400\tx: y\n";

class PoliciesFile : public testing::Test {
 protected:
  std::unique_ptr<Policies> make() {
    return std::make_unique<Policies>(clock_, registry_, nullptr);
  }

  test::TemporaryDirectory folder_;
  test::ManualClock clock_;  // 1700000000
  metrics::Registry registry_;
  std::unique_ptr<Policies> policies_ = make();
};

TEST_F(PoliciesFile, IsReadAndWrittenTheSameWay) {
  const auto entries = parse_policies(kText);
  ASSERT_TRUE(entries) << entries.error().detail;
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].domain, "a.example");
  EXPECT_EQ((*entries)[0].fetched, SystemTime(1'699'999'999s));
  EXPECT_EQ((*entries)[0].policy.id, "20160831");
  EXPECT_EQ((*entries)[0].policy.mx, std::vector<std::string>{"*.a.example"});
  EXPECT_EQ(policies_text(*entries), kText);
}

TEST_F(PoliciesFile, IsKeptAcrossARestart) {
  ASSERT_TRUE(load_policies(folder_.write("policies", kText), *policies_));
  EXPECT_FALSE(policies_->unsaved());
  ASSERT_TRUE(save_policies(folder_.file("saved"), *policies_));
  const auto again = make();
  ASSERT_TRUE(load_policies(folder_.file("saved"), *again));
  EXPECT_EQ(again->entries(), parse_policies(kText).value());
  EXPECT_EQ(again->known("a.example").policy->mode, Mode::Enforce);
}

TEST_F(PoliciesFile, WhatHasExpiredIsLeftOut) {
  clock_.advance(86'400s);
  ASSERT_TRUE(load_policies(folder_.write("policies", kText), *policies_));
  EXPECT_NE(policies_->known("a.example").policy, nullptr);
  EXPECT_EQ(policies_->known("b.example").policy, nullptr);
  EXPECT_EQ(policies_->entries().size(), 1u);
}

TEST_F(PoliciesFile, AFetchInTheFutureWasNow) {
  clock_.set(SystemTime(1'600'000'000s));
  ASSERT_TRUE(load_policies(folder_.write("policies", kText), *policies_));
  clock_.advance(604'800s);
  EXPECT_EQ(policies_->known("a.example").policy, nullptr);
}

TEST_F(PoliciesFile, ADamagedOneChangesNothing) {
  ASSERT_TRUE(load_policies(folder_.file("none"), *policies_));
  for (const std::string& text :
       {std::string("something else\n"), kText + "1699990000 2 c.example\n",
        kText + "1699990000 2 c.example\tversion: STSv1\tmode: none\tmax_age: 1",
        kText + "x 2 c.example\tversion: STSv1\tmode: none\tmax_age: 1\n",
        kText + "-1 2 c.example\tversion: STSv1\tmode: none\tmax_age: 1\n",
        kText + "1699990000 a-b c.example\tversion: STSv1\tmode: none\tmax_age: 1\n",
        kText + "1699990000 2 C.example\tversion: STSv1\tmode: none\tmax_age: 1\n",
        kText + "1699990000 2 \tversion: STSv1\tmode: none\tmax_age: 1\n"}) {
    EXPECT_FALSE(load_policies(folder_.write("damaged", text), *policies_)) << text;
    EXPECT_TRUE(policies_->entries().empty());
  }
}

TEST_F(PoliciesFile, WhatCannotBeWrittenStaysUnsaved) {
  ASSERT_TRUE(load_policies(folder_.write("policies", kText), *policies_));
  EXPECT_FALSE(save_policies("/nonexistent/policies", *policies_));
  EXPECT_TRUE(policies_->unsaved());
}

}  // namespace
}  // namespace signpost::mta_sts
