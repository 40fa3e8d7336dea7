// The cost of a cached MX lookup: the answer from the cache, its hosts put into an order.
#include "dns/cache.h"
#include "dns/views.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::dns {
namespace {

constexpr SteadyTime kNow{};

// The argument is how many domains are in the cache; they are asked for in turn.
void mx_cache_hit(benchmark::State& state) {
  const auto domains = static_cast<std::size_t>(state.range(0));
  Cache cache(domains);
  std::vector<Question> questions;
  for (std::size_t i = 0; i < domains; ++i) {
    const std::string domain = std::to_string(i) + ".recipient.example";
    auto answer = std::make_shared<Answer>();
    answer->status = Status::Ok;
    answer->records =
        MxHosts{{10, "mx1." + domain}, {10, "mx2." + domain}, {20, "backup." + domain}};
    questions.push_back({RecordType::Mx, domain});
    cache.insert(questions.back(), std::move(answer), kNow + std::chrono::hours(1));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    const auto answer = cache.find(questions[next], kNow);
    if (!answer) std::abort();
    benchmark::DoNotOptimize(mx_answer(questions[next].name, *answer));
    next = next + 1 == domains ? 0 : next + 1;
  }
}
BENCHMARK(mx_cache_hit)->Arg(1)->Arg(100'000);

}  // namespace
}  // namespace signpost::dns
