#include "bench/load/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <utility>

namespace signpost::bench {

namespace {

constexpr auto kSweepInterval = std::chrono::milliseconds(200);
constexpr auto kReconnectDelay = std::chrono::milliseconds(50);

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  // The program never calls setlocale: names of days and months are English.
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts);
  return std::string(text, size);
}

}  // namespace

Generator::Generator(const LoadRun& run, unsigned first_connection, unsigned connections)
    : run_(run) {
  if (run.with_timeline) results_.timeline = std::make_unique<Timeline>(run.schedule.start());
  for (unsigned i = 0; i < connections; ++i) {
    sessions_.push_back(std::make_unique<Session>(*this, first_connection + i));
  }
}

Generator::~Generator() = default;

void Generator::run() {
  date_ = date_now();
  open_ = static_cast<unsigned>(sessions_.size());
  for (const auto& session : sessions_) session->connect();
  settle();
  while (open_ > 0) {
    auto limit = Clock::duration(kSweepInterval);
    if (slot_ && !idle_.empty()) limit = std::min(limit, slot_->due - Clock::now());
    poller_.dispatch(limit);
    if (!exhausted_ && run_.schedule.over()) {
      slot_.reset();
      exhausted_ = true;
    }
    hand_out();
    settle();
    sweep();
  }
  // A slot that is left was never begun, since the last session was given up: not sent.
}

// True if a message is claimed and due.
bool Generator::next_slot() {
  if (!slot_ && !exhausted_) {
    slot_ = run_.schedule.claim();
    exhausted_ = !slot_;
  }
  return slot_ && (!open_loop() || slot_->due <= Clock::now());
}

void Generator::hand_out() {
  while (!idle_.empty() && next_slot()) {
    Session* session = idle_.front();
    idle_.pop_front();
    if (session->ready()) session->begin(*std::exchange(slot_, std::nullopt));
  }
  if (!exhausted_) return;
  for (Session* session : std::exchange(idle_, {})) {
    if (session->ready()) session->quit();
  }
}

void Generator::ready(Session& session) {
  // A message that waits is begun at once: its commands leave with this iteration's writes.
  if (idle_.empty() && next_slot()) return session.begin(*std::exchange(slot_, std::nullopt));
  idle_.push_back(&session);
}

void Generator::needs_flush(Session& session) {
  if (unflushed_.empty() || unflushed_.back() != &session) unflushed_.push_back(&session);
}

void Generator::acknowledged(std::string_view id, std::string_view queue_id) {
  if (run_.ledger) ledger_lines_.append(id).append(" ").append(queue_id).append("\n");
  ++unaccounted_;
}

void Generator::connection_over(Session& session) {
  std::erase(idle_, &session);
  if (exhausted_) {
    --open_;
    return;
  }
  poller_.after(Clock::duration::zero(), [&session] { session.connect(); });
}

void Generator::setup_failed(Session& session, bool again) {
  if (!again || exhausted_) {
    if (!exhausted_) ++results_.given_up;
    --open_;
    return;
  }
  poller_.after(kReconnectDelay, [&session] { session.connect(); });
}

// Ends an iteration: first the ledger, then the count, then the bytes that go out.
void Generator::settle() {
  if (const auto kept = run_.ledger.append(ledger_lines_); !kept) {
    if (!exhausted_) fmt::print(stderr, "signpost-load: {}\n", kept.error().detail);
    results_.count_error(kept.error().detail);
    results_.failed += std::exchange(unaccounted_, 0);
    run_.schedule.stop();
    exhausted_ = true;
  }
  ledger_lines_.clear();
  results_.acknowledged += std::exchange(unaccounted_, 0);
  // A flush that finds the connection broken may append.
  for (std::size_t i = 0; i < unflushed_.size(); ++i) unflushed_[i]->flush();
  unflushed_.clear();
  buried_.clear();
}

void Generator::sweep() {
  const auto now = Clock::now();
  if (now - last_sweep_ < kSweepInterval) return;
  last_sweep_ = now;
  date_ = date_now();
  for (const auto& session : sessions_) session->check_deadline(now);
}

}  // namespace signpost::bench
