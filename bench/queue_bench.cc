// What the queue costs a message: stored in a group, removed as soon as 256 more were stored, as a
// relay does that delivers at once; and what it costs to ask lanes for what is due. Each apply() is
// one synced write on the disk of the temporary directory (TMPDIR), so the real time is the disk's
// and the CPU time is ours.
#include "rocks/codec.h"
#include "rocks/rocks_store.h"

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::queue {
namespace {

constexpr std::size_t kContent = 4'096;
constexpr std::size_t kUnderWay = 256;  // messages between acceptance and delivery

class QueueDirectory {
 public:
  QueueDirectory()
      : path_((std::filesystem::temp_directory_path() / "signpost-bench-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~QueueDirectory() { std::filesystem::remove_all(path_); }
  QueueDirectory(const QueueDirectory&) = delete;
  QueueDirectory& operator=(const QueueDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Envelope envelope_of(const MessageId& id) {
  Envelope envelope;
  envelope.id = id;
  envelope.reverse_path = smtp::Mailbox::from_text("bounces+18446744@mail.example.com");
  envelope.login = "newsletter";
  envelope.peer = "192.0.2.17";
  envelope.from_domain = "example.com";
  envelope.message_id = "<20260101120000.18446744@mail.example.com>";
  envelope.received = id.time();
  envelope.size = kContent;
  return envelope;
}

Job job_of(const MessageId& id) {
  Job job;
  job.ref.id = id;
  job.lane = {"recipient.example", "newsletter", ""};
  job.due = id.time();
  job.recipients.push_back({smtp::Mailbox::from_text("somebody.else@recipient.example"), {}, ""});
  return job;
}

void apply_groups(benchmark::State& state, bool sync) {
  const auto group_size = static_cast<std::size_t>(state.range(0));
  const QueueDirectory directory;
  auto store = rocks::open_store(directory.path() + "/queue", {.sync = sync});
  if (!store) {
    state.SkipWithError(store.error().detail.c_str());
    return;
  }
  MessageIdGenerator ids;
  const std::string content(kContent, 'x');
  std::deque<Job> under_way;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Change> changes;
    for (std::size_t i = 0; i < group_size; ++i) {
      auto message = std::make_shared<Message>();
      message->envelope = envelope_of(ids.next(system_now()));
      message->content = content;
      Job job = job_of(message->envelope.id);
      Change& stored = changes.emplace_back();
      stored.enqueued.push_back({std::move(message), {job}});
      under_way.push_back(std::move(job));
      if (under_way.size() <= kUnderWay) continue;
      changes.emplace_back().removed.push_back(std::move(under_way.front()));
      under_way.pop_front();
    }
    std::vector<const Change*> group;
    group.reserve(changes.size());
    for (const Change& change : changes) group.push_back(&change);
    state.ResumeTiming();
    if (!(*store)->apply(group)) {
      state.SkipWithError("apply failed");
      break;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(group_size) * state.iterations());
}

void commit_group(benchmark::State& state) { apply_groups(state, true); }
BENCHMARK(commit_group)->Arg(1)->Arg(16)->Arg(256)->UseRealTime()->MeasureProcessCPUTime();

void commit_group_without_sync(benchmark::State& state) { apply_groups(state, false); }
BENCHMARK(commit_group_without_sync)->Arg(1)->Arg(16)->Arg(256)->MeasureProcessCPUTime();

// A letter as shops send them: text, the same as HTML with its repetitions, and one in ten with an
// attachment in base64, which is random.
std::string letter(std::size_t number) {
  constexpr std::string_view kWords[] = {
      "order",  "your",    "delivery", "thank",  "you",  "invoice", "total", "shipping",
      "the",    "address", "will",     "arrive", "with", "please",  "our",   "customer",
      "number", "price",   "item",     "we",     "have", "sent",    "to",    "questions"};
  std::uint64_t state = number * 2654435761U + 1;
  const auto next = [&state] {
    return (state = state * 6364136223846793005U + 1442695040888963407U) >> 33;
  };
  std::string text =
      "From: Shop <orders@shop.example>\r\nTo: somebody@recipient.example\r\n"
      "Subject: Your order\r\nMIME-Version: 1.0\r\n\r\n";
  for (int line = 0; line < 40; ++line) {
    for (int word = 0; word < 9; ++word) text.append(kWords[next() % std::size(kWords)]) += ' ';
    text += std::to_string(next() % 100'000) + "\r\n";
  }
  for (int row = 0; row < 60; ++row) {
    text += "<tr><td style=3D\"font-family: Arial, sans-serif; padding: 8px 12px\">";
    text += kWords[next() % std::size(kWords)];
    text += " " + std::to_string(next() % 10'000) + "</td></tr>\r\n";
  }
  if (number % 10 != 0) return text;
  constexpr std::string_view kBase64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int line = 0; line < 700; ++line) {
    for (int octet = 0; octet < 76; ++octet) text += kBase64[next() % kBase64.size()];
    text += "\r\n";
  }
  return text;
}

// Deferred mail on its way to data files: its cost in disk space and CPU.
void write_out(benchmark::State& state, rocks::Compression compression) {
  constexpr std::size_t kMessages = 5'000;
  std::size_t received = 0;
  std::size_t stored = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const QueueDirectory directory;
    auto store =
        rocks::open_store(directory.path() + "/queue", {.compression = compression, .sync = false});
    if (!store) {
      state.SkipWithError(store.error().detail.c_str());
      return;
    }
    MessageIdGenerator ids;
    for (std::size_t i = 0; i < kMessages; ++i) {
      auto message = std::make_shared<Message>();
      message->envelope = envelope_of(ids.next(system_now()));
      message->content = letter(i);
      received += message->content.size();
      Change change;
      change.enqueued.push_back({message, {job_of(message->envelope.id)}});
      const Change* const changes[] = {&change};
      if (!(*store)->apply(changes)) state.SkipWithError("not stored");
    }
    std::atomic<bool> cancelled{false};
    state.ResumeTiming();
    if (!(*store)->reclaim_space(cancelled)) state.SkipWithError("not written");
    state.PauseTiming();
    for (const auto& file : std::filesystem::directory_iterator(directory.path() + "/queue")) {
      const auto kind = file.path().extension();
      if (kind == ".sst" || kind == ".blob") stored += file.file_size();
    }
    store->reset();
    state.ResumeTiming();
  }
  const auto messages = static_cast<double>(kMessages) * static_cast<double>(state.iterations());
  state.counters["octets"] = static_cast<double>(received) / messages;
  state.counters["on_disk"] = static_cast<double>(stored) / messages;
}

BENCHMARK_CAPTURE(write_out, none, rocks::Compression::None)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(write_out, lz4, rocks::Compression::Lz4)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(write_out, zstd, rocks::Compression::Zstd)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

// A queue of `lanes` lanes with `jobs` waiting jobs each.
std::unique_ptr<Store> filled(const std::string& directory, int lanes, int jobs) {
  auto store = rocks::open_store(directory, {.sync = false});
  if (!store) return nullptr;
  MessageIdGenerator ids;
  for (int n = 0; n < jobs; ++n) {
    Change change;
    for (int lane = 0; lane < lanes; ++lane) {
      auto message = std::make_shared<Message>();
      message->envelope = envelope_of(ids.next(system_now()));
      message->content = "short";
      Job job = job_of(message->envelope.id);
      job.lane.domain = "recipient" + std::to_string(lane) + ".example";
      change.enqueued.push_back({std::move(message), {std::move(job)}});
    }
    const Change* const one = &change;
    if (!(*store)->apply({&one, 1})) return nullptr;
  }
  return std::move(*store);
}

// Claims as many jobs of one lane as the argument says, after the previous ones.
void claim_due(benchmark::State& state) {
  const QueueDirectory directory;
  const auto store = filled(directory.path() + "/queue", 100, 1'000);
  if (!store) {
    state.SkipWithError("the queue cannot be filled");
    return;
  }
  const auto limit = static_cast<std::size_t>(state.range(0));
  LanePosition from;
  int lane = 0;
  for (auto _ : state) {
    const Lane asked{"recipient" + std::to_string(lane) + ".example", "newsletter", ""};
    const auto claimed = store->claim_due(asked, from, SystemTime::max(), limit);
    if (!claimed || (claimed->jobs.size() < limit && !claimed->end)) {
      state.SkipWithError("claim_due failed");
      break;
    }
    for (const Job& job : claimed->jobs) store->claims().release(job.ref);
    from = claimed->end ? LanePosition() : claimed->next;
    if (claimed->end) lane = (lane + 1) % 100;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(limit) * state.iterations());
}
BENCHMARK(claim_due)->Arg(1)->Arg(16)->Arg(256);

// What a start does: from lane to lane.
void lanes(benchmark::State& state) {
  const QueueDirectory directory;
  const auto store = filled(directory.path() + "/queue", 1'000, static_cast<int>(state.range(0)));
  if (!store) {
    state.SkipWithError("the queue cannot be filled");
    return;
  }
  for (auto _ : state) {
    const auto page = store->lanes({}, 10'000);
    if (!page || page->lanes.size() != 1'000) {
      state.SkipWithError("lanes failed");
      break;
    }
  }
  state.SetItemsProcessed(1'000 * state.iterations());
}
BENCHMARK(lanes)->Arg(1)->Arg(100);

void encode_envelope(benchmark::State& state) {
  MessageIdGenerator ids;
  const Envelope envelope = envelope_of(ids.next(system_now()));
  for (auto _ : state) benchmark::DoNotOptimize(rocks::encode_envelope(envelope));
}
BENCHMARK(encode_envelope);

void decode_job(benchmark::State& state) {
  MessageIdGenerator ids;
  const Job job = job_of(ids.next(system_now()));
  const std::string row = rocks::encode_job(job);
  for (auto _ : state) benchmark::DoNotOptimize(rocks::decode_job(job.ref, row));
}
BENCHMARK(decode_job);

}  // namespace
}  // namespace signpost::queue
