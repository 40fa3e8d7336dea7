// signpost-load: sends SMTP load and measures the replies. See docs/man/signpost-load.1.
#include "bench/load/generator.h"
#include "bench/load/options.h"
#include "bench/load/page.h"
#include "bench/load/report.h"
#include "bench/wire/output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace signpost::bench {

namespace {

using Generators = std::vector<std::unique_ptr<Generator>>;

constexpr int kThresholdMissed = 3;
// By the last generator to the main thread.
constexpr int kDone = SIGUSR1;

int failed(const Error& error) {
  fmt::print(stderr, "signpost-load: {}\n", error.detail);
  return 1;
}

// What the main thread waits for, blocked in all threads so that it comes nowhere else.
sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, kDone}) sigaddset(&signals, signal);
  return signals;
}

class Progress {
 public:
  Progress(const Generators& generators, std::uint64_t messages)
      : generators_(generators), messages_(messages) {}

  Clock::time_point next() const { return next_; }
  void show() {
    next_ += std::chrono::seconds(1);
    std::uint64_t acknowledged = 0;
    std::uint64_t failed = 0;
    for (const auto& generator : generators_) {
      acknowledged += generator->results().acknowledged;
      failed += generator->results().failed;
    }
    const std::string all = messages_ == kNoLimit ? "" : fmt::format(" of {}", messages_);
    fmt::print(stderr, "{:>10}{} acknowledged, {:>7}/s, {} failed\n", acknowledged, all,
               acknowledged - std::exchange(before_, acknowledged), failed);
  }

 private:
  const Generators& generators_;
  const std::uint64_t messages_;
  std::uint64_t before_ = 0;
  Clock::time_point next_ = Clock::now() + std::chrono::seconds(1);
};

timespec until(Clock::time_point when) {
  const auto left = std::max<std::chrono::nanoseconds>(when - Clock::now(), {});
  return {left / std::chrono::seconds(1), (left % std::chrono::seconds(1)).count()};
}

// From now on SIGINT and SIGTERM do what they do to any program.
void let_signals_end_us() {
  sigset_t signals = awaited_signals();
  sigdelset(&signals, kDone);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// The main thread's part: until the generators are done. A first signal stops the schedule; true
// if there was one.
bool watch(Schedule& schedule, Progress* progress) {
  const sigset_t signals = awaited_signals();
  bool interrupted = false;
  while (true) {
    const timespec wait = progress ? until(progress->next()) : timespec{3600, 0};
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == kDone) return interrupted;
    if (signal == SIGINT || signal == SIGTERM) {
      interrupted = true;
      schedule.stop();
      let_signals_end_us();
      fmt::print(stderr, "signpost-load: interrupted, waiting for the replies that are due\n");
    }
    if (progress && Clock::now() >= progress->next()) progress->show();
  }
}

struct Run {
  Clock::duration elapsed{0};
  bool interrupted = false;
};

Run run_all(const Generators& generators, Schedule& schedule, const LoadOptions& options) {
  std::atomic<std::size_t> running = generators.size();
  std::vector<std::jthread> threads;
  threads.reserve(generators.size());
  for (const auto& generator : generators) {
    threads.emplace_back([&generator, &running] {
      generator->run();
      if (--running == 0) kill(getpid(), kDone);
    });
  }
  Progress progress(generators, schedule.messages());
  const bool interrupted = watch(schedule, options.progress ? &progress : nullptr);
  return {Clock::now() - schedule.start(), interrupted};
}

// Tells what was found, everywhere it was asked for; false if that did not succeed.
bool report(const Results& total, const Summary& summary, const Schedule& schedule,
            const LoadOptions& options) {
  const std::string text = report_text(total, summary);
  bool written = true;
  const auto check = [&written](const Result<void>& result) {
    if (result) return;
    (void)failed(result.error());
    written = false;
  };
  check(write_stdout(options.json ? report_json(total, summary) : text));
  if (!options.report.empty()) {
    const std::string title =
        fmt::format("{} to {}, {} connections",
                    fmt::format("{:%Y-%m-%d %H:%M UTC}", fmt::gmtime(std::time(nullptr))),
                    options.to.text(), options.connections);
    check(
        write_file(options.report, report_page(total, summary, schedule.open_loop(), title, text)));
  }
  return written;
}

int verdict(const Results& total, const Summary& summary, const LoadOptions& options) {
  bool missed = false;
  bool judged = false;
  for (const Threshold& threshold : options.thresholds) {
    judged = judged || threshold.judges_failures();
    const std::string words = threshold.missed(total, summary);
    if (words.empty()) continue;
    fmt::print(stderr, "signpost-load: {}\n", words);
    missed = true;
  }
  if (missed) return kThresholdMissed;
  // Whatever is allowed to fail, a run in which everything did is none to rely on.
  return (judged && total.acknowledged > 0) || all_well(total, summary) ? 0 : 1;
}

int run(const LoadOptions& options) {
  if (!options.report.empty()) {
    if (auto writable = check_writable(options.report); !writable) return failed(writable.error());
  }
  TlsContext tls;
  if (options.tls != TlsUse::None) {
    auto made = tls_client_context();
    if (!made) return failed(made.error());
    tls = std::move(*made);
  }
  Ledger ledger;
  if (!options.ledger.empty()) {
    auto opened = Ledger::open(options.ledger);
    if (!opened) return failed(opened.error());
    ledger = std::move(*opened);
  }
  const Transfer transfer = options.chunks ? Transfer::Chunks : Transfer::Data;
  const LoadMessages messages =
      options.bodies.empty()
          ? LoadMessages(options.size, options.from, options.seed, transfer)
          : LoadMessages(options.bodies, options.content_type, options.from, transfer);
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Schedule schedule(options.plan, Clock::now());
  const LoadRun load{options, messages, tls.get(), schedule, ledger, !options.report.empty()};

  Generators generators;
  unsigned first = 0;
  for (unsigned i = 0; i < options.threads; ++i) {
    const unsigned count =
        options.connections / options.threads + (i < options.connections % options.threads);
    if (count > 0) generators.push_back(std::make_unique<Generator>(load, first, count));
    first += count;
  }
  const Run run = run_all(generators, schedule, options);

  Results total;
  if (load.with_timeline) total.timeline = std::make_unique<Timeline>(schedule.start());
  for (const auto& generator : generators) total.merge(generator->results());
  const Ended ended = run.interrupted   ? Ended::Interrupted
                      : schedule.over() ? Ended::TimeIsUp
                                        : Ended::Complete;
  const Summary summary =
      summarize(total, schedule.messages(), schedule.open_loop(), ended, run.elapsed);
  const bool written = report(total, summary, schedule, options);
  const int code = verdict(total, summary, options);
  return written || code != 0 ? code : 1;
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
