// signpost-sink: receives mail, counts it, checks it, and misbehaves on request. See
// docs/man/signpost-sink.1.
#include "bench/sink/options.h"
#include "bench/sink/worker.h"
#include "bench/wire/output.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

namespace signpost::bench {

namespace {

// Each thread gets a socket for each address: the kernel spreads the connections.
Result<std::vector<std::vector<Descriptor>>> open_listeners(const SinkOptions& options) {
  std::vector<std::vector<Descriptor>> of_threads(options.threads);
  const bool shared = options.threads > 1;
  for (Endpoint endpoint : options.listen) {
    for (auto& listeners : of_threads) {
      auto fd = listen_on(endpoint, shared);
      if (!fd) return Failure(fd.error());
      endpoint = local_endpoint(fd->get());  // a port that was 0 is now a number for the others too
      listeners.push_back(std::move(*fd));
    }
    fmt::print("listening on {}\n", endpoint.text());
  }
  std::fflush(stdout);
  return of_threads;
}

std::string counts(const Sink& sink, const std::vector<std::unique_ptr<SinkWorker>>& workers) {
  std::vector<const Tally*> tallies;
  tallies.reserve(workers.size());
  for (const auto& worker : workers) tallies.push_back(&worker->tally());
  const Clock::duration active(sink.last_accepted - sink.first_accepted);
  return sink.options.json ? counts_json(tallies, sink.presence.peaks(), active)
                           : counts_text(tallies, sink.presence.peaks(), active);
}

void write_counts(Sink& sink, const std::vector<std::unique_ptr<SinkWorker>>& workers) {
  const std::string& file = sink.options.count_file;
  const std::string text = counts(sink, workers);
  const auto written = file.empty() ? write_stdout(text) : write_file(file, text);
  if (written) return;
  fmt::print(stderr, "signpost-sink: {}\n", written.error().detail);
  sink.failed = true;
}

// The main thread's part: signals, progress and the end of the run.
void watch(Sink& sink, const std::vector<std::unique_ptr<SinkWorker>>& workers,
           const sigset_t& signals) {
  const auto start = Clock::now();
  auto next_line = start + std::chrono::seconds(1);
  std::uint64_t before = 0;
  while (!sink.stop) {
    constexpr timespec kTick = {0, 50'000'000};
    const int signal = sigtimedwait(&signals, nullptr, &kTick);
    if (signal == SIGUSR1) write_counts(sink, workers);
    if (signal == SIGTERM || signal == SIGINT) sink.stop = true;
    const auto now = Clock::now();
    if (sink.options.max_seconds > 0 &&
        now - start >= std::chrono::duration<double>(sink.options.max_seconds)) {
      sink.stop = true;
    }
    if (sink.options.progress && now >= next_line) {
      next_line += std::chrono::seconds(1);
      fmt::print(stderr, "{:>10} accepted, {:>7}/s\n", sink.accepted.load(),
                 sink.accepted - before);
      before = sink.accepted;
    }
  }
}

int failed(const Error& error) {
  fmt::print(stderr, "signpost-sink: {}\n", error.detail);
  return 1;
}

int run(const SinkOptions& options) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  TlsContext tls;
  if (!options.certificate.empty()) {
    auto made = tls_server_context(options.certificate, options.key);
    if (!made) return failed(made.error());
    tls = std::move(*made);
  }
  Ledger ledger;
  if (!options.ledger.empty()) {
    auto opened = Ledger::open(options.ledger);
    if (!opened) return failed(opened.error());
    ledger = std::move(*opened);
  }
  Ledger arrivals;
  if (!options.arrivals.empty()) {
    auto opened = Ledger::open(options.arrivals);
    if (!opened) return failed(opened.error());
    arrivals = std::move(*opened);
  }
  std::unique_ptr<MailFolder> folder;
  if (!options.save.empty()) {
    if (auto made = MailFolder::make(options.save); !made) return failed(made.error());
    folder = std::make_unique<MailFolder>(options.save, options.save_limit);
  }
  auto listeners = open_listeners(options);
  if (!listeners) return failed(listeners.error());

  Sink sink{.options = options,
            .tls = tls.get(),
            .folder = folder.get(),
            .ledger = ledger,
            .arrivals = arrivals};
  std::vector<std::unique_ptr<SinkWorker>> workers;
  for (auto& own : *listeners) {
    workers.push_back(
        std::make_unique<SinkWorker>(sink, std::move(own), options.seed + workers.size()));
  }
  std::vector<std::jthread> threads;
  threads.reserve(workers.size());
  for (const auto& worker : workers) threads.emplace_back([&worker] { worker->run(); });
  watch(sink, workers, signals);
  for (const auto& worker : workers) worker->wake();
  threads.clear();
  write_counts(sink, workers);
  return sink.failed ? 1 : 0;
}

}  // namespace

}  // namespace signpost::bench

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = signpost::bench::parse_sink_options(argc, argv, exit_code);
  if (!options) return exit_code;
  return signpost::bench::run(*options);
}
