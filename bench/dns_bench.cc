// What a next hop costs that is known already: the answer out of the cache, its hosts in an order.
#include "dns/cache.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::dns {
namespace {

constexpr std::uint16_t kMx = 15;  // RFC 1035 section 3.2.2
constexpr SteadyTime kNow{};

// With so many domains in the cache, asked one after the other.
void mx_cache_hit(benchmark::State& state) {
  const auto domains = static_cast<std::size_t>(state.range(0));
  Cache cache(domains);
  std::vector<Question> questions;
  for (std::size_t i = 0; i < domains; ++i) {
    const std::string domain = std::to_string(i) + ".recipient.example";
    auto outcome = std::make_shared<Outcome>();
    outcome->status = Status::Ok;
    outcome->hosts = {{10, "mx1." + domain}, {10, "mx2." + domain}, {20, "backup." + domain}};
    questions.push_back({kMx, domain});
    cache.insert(questions.back(), std::move(outcome), kNow + std::chrono::hours(1));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    const auto outcome = cache.find(questions[next], kNow);
    if (!outcome) std::abort();
    benchmark::DoNotOptimize(order_mail_exchangers(outcome->hosts));
    next = next + 1 == domains ? 0 : next + 1;
  }
}
BENCHMARK(mx_cache_hit)->Arg(1)->Arg(100'000);

}  // namespace
}  // namespace signpost::dns
