// signpost-load: sends SMTP load and measures the replies. See docs/man/signpost-load.1.
#include "bench/load/generator.h"
#include "bench/load/options.h"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

namespace signpost::bench {

namespace {

using Generators = std::vector<std::unique_ptr<Generator>>;

void show_progress(const Generators& generators, std::uint64_t messages,
                   const std::atomic<bool>& done) {
  std::uint64_t before = 0;
  auto next = Clock::now() + std::chrono::seconds(1);
  while (!done) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (Clock::now() < next) continue;
    next += std::chrono::seconds(1);
    std::uint64_t acknowledged = 0;
    std::uint64_t failed = 0;
    for (const auto& generator : generators) {
      acknowledged += generator->results().acknowledged;
      failed += generator->results().failed;
    }
    fmt::print(stderr, "{:>10} of {} acknowledged, {:>7}/s, {} failed\n", acknowledged, messages,
               acknowledged - before, failed);
    before = acknowledged;
  }
}

// Returns how long the sending took.
Clock::duration run_all(const Generators& generators, const LoadOptions& options) {
  const auto start = Clock::now();
  std::atomic<bool> done = false;
  std::vector<std::jthread> threads;
  for (const auto& generator : generators) {
    threads.emplace_back([&generator] { generator->run(); });
  }
  std::jthread progress;
  if (options.progress) {
    progress = std::jthread([&] { show_progress(generators, options.messages, done); });
  }
  threads.clear();
  done = true;
  return Clock::now() - start;
}

int run(const LoadOptions& options) {
  TlsContext tls;
  if (options.tls != TlsUse::None) {
    auto made = tls_client_context();
    if (!made) {
      fmt::print(stderr, "signpost-load: {}\n", made.error().detail);
      return 1;
    }
    tls = std::move(*made);
  }
  Ledger ledger;
  if (!options.ledger.empty()) {
    auto opened = Ledger::open(options.ledger);
    if (!opened) {
      fmt::print(stderr, "signpost-load: {}\n", opened.error().detail);
      return 1;
    }
    ledger = std::move(*opened);
  }
  const LoadMessages messages(options.size, options.from, options.seed);
  Schedule schedule(options.messages, options.rate, Clock::now());
  const LoadRun load{options, messages, tls.get(), schedule, ledger};

  Generators generators;
  unsigned first = 0;
  for (unsigned i = 0; i < options.threads; ++i) {
    const unsigned count =
        options.connections / options.threads + (i < options.connections % options.threads);
    if (count > 0) generators.push_back(std::make_unique<Generator>(load, first, count));
    first += count;
  }
  const auto elapsed = run_all(generators, options);

  Results total;
  for (const auto& generator : generators) total.merge(generator->results());
  const Summary summary{options.messages, elapsed};
  fmt::print("{}", options.json ? report_json(total, summary) : report_text(total, summary));
  return all_well(total, summary) ? 0 : 1;
}

}  // namespace

}  // namespace signpost::bench

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = signpost::bench::parse_load_options(argc, argv, exit_code);
  if (!options) return exit_code;
  std::signal(SIGPIPE, SIG_IGN);
  return signpost::bench::run(*options);
}
