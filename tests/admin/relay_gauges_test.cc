#include "admin/relay_gauges.h"

#include "queue/memory_store.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

namespace signpost::admin {
namespace {

class RelayGauges : public testing::Test {
 protected:
  RelayGauges() {
    admission_.set_limits({.sessions = 7, .sessions_per_client = 7, .memory = 1000});
    add_relay_gauges({registry_, store_, committer_, admission_, delivery_, settings_, draining_,
                      quotas_, tls_reports_, clock_});
  }

  // The value of one sample of the exposition; "" when there is none.
  std::string sample(const std::string& series) const {
    const std::string text = "\n" + registry_.text();
    const std::size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const std::size_t from = at + series.size() + 2;
    return text.substr(from, text.find('\n', from) - from);
  }
  std::string ready(const std::string& reason) const {
    return sample("signpost_ready{reason=\"" + reason + "\"}");
  }

  metrics::Registry registry_;
  queue::MemoryStore store_;
  queue::Committer committer_{store_, registry_};
  relay::Admission admission_;
  delivery::SharedDelivery delivery_{1};
  relay::SettingsInForce settings_{std::make_shared<const relay::Settings>()};
  std::atomic<bool> draining_{false};
  quota::Counters quotas_;
  test::ManualClock clock_;
  tlsrpt::Collector tls_reports_{clock_};
};

TEST_F(RelayGauges, SayWhyMailIsNotAccepted) {
  for (const char* reason : {"draining", "storage", "disk", "memory"})
    EXPECT_EQ(ready(reason), "1");
  (void)admission_.take_memory(1000);
  EXPECT_EQ(ready("memory"), "0");
  EXPECT_EQ(ready("disk"), "1");
  admission_.check_disk("/", 0, ~std::uint64_t{0}, 0);
  EXPECT_EQ(ready("disk"), "0");
  draining_ = true;
  EXPECT_EQ(ready("draining"), "0");
}

TEST_F(RelayGauges, ShowLimitsBesideTheirUse) {
  (void)admission_.take_memory(600);
  EXPECT_EQ(sample("signpost_memory_bytes"), "600");
  EXPECT_EQ(sample("signpost_memory_limit_bytes"), "1000");
  EXPECT_EQ(sample("signpost_smtp_sessions_limit"), "7");
  EXPECT_EQ(sample("signpost_queue_unwritten_bytes"), "0");
  EXPECT_EQ(sample("signpost_queue_jobs_in_memory"), "0");
  EXPECT_EQ(sample("signpost_queue_jobs_in_memory_limit"), "30000");
  admission_.check_disk("/", 0, 12345, 0);
  EXPECT_EQ(sample("signpost_disk_free_limit_bytes"), "12345");
}

}  // namespace
}  // namespace signpost::admin
