// A resolver on a loop, and questions that wait for their answers.
#pragma once

#include "dns/open_resolver.h"
#include "metrics/registry.h"
#include "net/timer.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::dns {

class ResolverFixture : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kLimit{20};

  void open(const std::vector<net::SocketAddress>& servers) {
    options_.servers = servers;
    auto resolver = open_resolver(loop_, options_, registry_, clock_);
    ASSERT_TRUE(resolver) << resolver.error().detail;
    resolver_ = std::move(*resolver);
  }

  void run_until(std::function<bool()> done) {
    done_ = std::move(done);
    if (done_()) return;
    net::Timer limit(loop_, [this] {
      ADD_FAILURE() << "what was waited for did not happen";
      loop_.stop();
    });
    limit.start(kLimit);
    loop_.run();
  }
  void check() {
    if (done_ && done_()) loop_.stop();
  }

  Answer ask(const Question& question) {
    std::optional<Answer> answer;
    const QueryHandle query = resolver_->ask(question, [&](const Answer& given) {
      answer = given;
      check();
    });
    EXPECT_FALSE(answer) << "answered from within the call";
    run_until([&] { return answer.has_value(); });
    return answer.value_or(Answer{});
  }

  MxAnswer mail_exchangers(const std::string& domain) {
    std::optional<MxAnswer> answer;
    const QueryHandle query = resolver_->mail_exchangers(domain, [&](const MxAnswer& given) {
      answer = given;
      check();
    });
    EXPECT_FALSE(answer) << "answered from within the call";
    run_until([&] { return answer.has_value(); });
    return answer.value_or(MxAnswer{});
  }

  AddressAnswer addresses(const std::string& host) {
    std::optional<AddressAnswer> answer;
    const QueryHandle query = resolver_->addresses(host, [&](const AddressAnswer& given) {
      answer = given;
      check();
    });
    EXPECT_FALSE(answer) << "answered from within the call";
    run_until([&] { return answer.has_value(); });
    return answer.value_or(AddressAnswer{});
  }

  static std::vector<std::string> text(const std::vector<net::IpAddress>& addresses) {
    std::vector<std::string> list;
    for (const net::IpAddress& address : addresses) list.push_back(address.text());
    return list;
  }

  metrics::Registry registry_;
  test::ManualClock clock_;
  net::Loop loop_;
  ResolverOptions options_;
  std::unique_ptr<Resolver> resolver_;

 private:
  std::function<bool()> done_;
};

}  // namespace signpost::dns
