// What the queue costs a message: stored in a group, removed as soon as 256 more were stored, as a
// relay does that delivers at once. Each apply() is one synced write on the disk of the temporary
// directory (TMPDIR), so the real time is the disk's and the CPU time is ours.
#include <benchmark/benchmark.h>

#include "rocks/codec.h"
#include "rocks/rocks_store.h"
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
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
  envelope.reverse_path = "bounces+18446744@mail.example.com";
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
  job.domain = "recipient.example";
  job.recipients.push_back({"somebody.else@recipient.example", {}, ""});
  return job;
}

void apply_groups(benchmark::State& state, bool sync) {
  const auto group_size = static_cast<std::size_t>(state.range(0));
  const QueueDirectory directory;
  auto store = rocks::open_rocks_store(directory.path() + "/queue", {.sync = sync});
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
    for (const Change& change : changes) group.push_back(&change);
    state.ResumeTiming();
    if (!(*store)->apply(group)) {
      state.SkipWithError("apply failed");
      break;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(group_size) * state.iterations());
}

void BM_CommitGroup(benchmark::State& state) { apply_groups(state, true); }
BENCHMARK(BM_CommitGroup)->Arg(1)->Arg(16)->Arg(256)->UseRealTime()->MeasureProcessCPUTime();

void BM_CommitGroupWithoutSync(benchmark::State& state) { apply_groups(state, false); }
BENCHMARK(BM_CommitGroupWithoutSync)->Arg(1)->Arg(16)->Arg(256)->MeasureProcessCPUTime();

void BM_EncodeEnvelope(benchmark::State& state) {
  MessageIdGenerator ids;
  const Envelope envelope = envelope_of(ids.next(system_now()));
  for (auto _ : state) benchmark::DoNotOptimize(rocks::encode_envelope(envelope));
}
BENCHMARK(BM_EncodeEnvelope);

void BM_DecodeJob(benchmark::State& state) {
  MessageIdGenerator ids;
  const Job job = job_of(ids.next(system_now()));
  const std::string row = rocks::encode_job(job);
  for (auto _ : state) benchmark::DoNotOptimize(rocks::decode_job(job.ref, row));
}
BENCHMARK(BM_DecodeJob);

}  // namespace
}  // namespace signpost::queue
