#include "bench/sink/worker.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <cstdio>
#include <utility>

namespace signpost::bench {

namespace {

constexpr auto kSweepInterval = std::chrono::seconds(1);
constexpr int kAcceptsAtOnce = 64;

}  // namespace

class SinkWorker::Listener : public Handler {
 public:
  Listener(SinkWorker& worker, Descriptor fd) : worker_(worker), fd_(std::move(fd)) {
    worker_.poller_.add(fd_.get(), EPOLLIN, *this);
  }
  void on_ready(std::uint32_t) override { worker_.accept_from(fd_.get()); }

 private:
  SinkWorker& worker_;
  Descriptor fd_;
};

SinkWorker::SinkWorker(Sink& sink, std::vector<Descriptor> listeners, std::uint64_t seed)
    : sink_(sink), script_(sink.options, sink.attempts, seed) {
  for (Descriptor& fd : listeners) {
    listeners_.push_back(std::make_unique<Listener>(*this, std::move(fd)));
  }
}

SinkWorker::~SinkWorker() = default;

void SinkWorker::run() {
  while (!sink_.stop.load(std::memory_order_relaxed)) {
    poller_.dispatch(kSweepInterval);
    settle();
    sweep();
  }
}

void SinkWorker::accept_from(int listener) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    Endpoint peer;
    Descriptor fd = accept_one(listener, peer);
    if (!fd) return;
    const std::uint64_t id = sink_.connections.fetch_add(1);
    sessions_.emplace(id, std::make_unique<SinkSession>(*this, id, std::move(fd), peer));
  }
}

std::uint64_t SinkWorker::accepted(const LoadVerdict& verdict, const ReceivedEnvelope& envelope) {
  tally_.add(Count::Messages);
  if (verdict.id.empty()) {
    tally_.add(Count::WithoutId);
  } else {
    tally_.add(sink_.ids.insert(verdict.id) ? Count::Unique : Count::Duplicates);
    if (sink_.ledger) ledger_lines_.append(verdict.id).append("\n");
  }
  if (!verdict.intact) tally_.add(Count::Corrupt);
  if (sink_.arrivals) {
    const std::chrono::duration<double> since_1970 =
        std::chrono::system_clock::now().time_since_epoch();
    arrival_lines_.append(fmt::format("{:.6f} {} {} {}\n", since_1970.count(), envelope.local,
                                      envelope.connection, verdict.id));
  }
  const Clock::rep now = Clock::now().time_since_epoch().count();
  Clock::rep unset = 0;
  sink_.first_accepted.compare_exchange_strong(unset, now, std::memory_order_relaxed);
  sink_.last_accepted.store(now, std::memory_order_relaxed);
  const std::uint64_t number = sink_.accepted.fetch_add(1) + 1;
  // The loop ends after this iteration: the reply still leaves.
  if (sink_.options.exit_after != 0 && number >= sink_.options.exit_after) sink_.stop = true;
  return number;
}

void SinkWorker::failed(const Error& error) {
  if (!sink_.failed.exchange(true)) {
    fmt::print(stderr, "signpost-sink: {}\n", error.detail);
  }
}

void SinkWorker::needs_flush(SinkSession& session) {
  if (unflushed_.empty() || unflushed_.back() != &session) unflushed_.push_back(&session);
}

void SinkWorker::over(SinkSession& session) { dead_.push_back(session.id()); }

SinkSession* SinkWorker::find(std::uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() || found->second->dead() ? nullptr : found->second.get();
}

// Ends an iteration: first the ledger, then the replies, then the destruction of closed sessions.
void SinkWorker::settle() {
  for (auto [file, lines] :
       {std::pair{&sink_.ledger, &ledger_lines_}, std::pair{&sink_.arrivals, &arrival_lines_}}) {
    if (const auto kept = file->append(*lines); !kept) {
      // No 250 may leave for what is not in the ledger.
      failed(kept.error());
      unflushed_.clear();
      sink_.stop = true;
    }
    lines->clear();
  }
  for (SinkSession* session : unflushed_) session->flush();
  unflushed_.clear();
  for (const std::uint64_t id : std::exchange(dead_, {})) sessions_.erase(id);
}

void SinkWorker::sweep() {
  const auto now = Clock::now();
  if (now - last_sweep_ < kSweepInterval) return;
  last_sweep_ = now;
  for (const auto& [id, session] : sessions_) session->check_deadline(now);
  for (const std::uint64_t id : std::exchange(dead_, {})) sessions_.erase(id);
}

}  // namespace signpost::bench
