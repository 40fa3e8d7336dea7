// Carries settlements out: reads what a report needs, emits the events, and stores the change.
#pragma once

#include "base/lru_map.h"
#include "delivery/memory_counts.h"
#include "delivery/pending_job.h"
#include "delivery/report_desk.h"
#include "delivery/report_limits.h"
#include "delivery/settlement.h"
#include "queue/store.h"
#include "relay/context.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace signpost::delivery {

// Belongs to one worker; its thread only.
class Settler {
 public:
  struct Listener {
    // A notification was stored; its job is claimed for the listener.
    std::function<void(std::shared_ptr<const queue::Message>, std::vector<queue::Job>)> reported;
    // The job is stored and waiting, and no longer claimed.
    std::function<void(const queue::Job&)> waits;
    // Runs `task` with the Settler where the reports on this message meet, on its thread.
    std::function<void(const queue::MessageId&, std::function<void(Settler&)> task)> at_desk;
  };

  Settler(relay::Context& context, MemoryCounts& counts, ReportLimits& limits, Listener listener)
      : context_(context), counts_(counts), limits_(limits), listener_(std::move(listener)) {}

  // The attempt of a claimed job has ended, with `dispositions[i]` for its i-th recipient. Removes
  // the job, defers what is left of it, or gives it up when it has expired, in one change with the
  // notifications that follow. The claim ends when that is stored. A change that the store refuses
  // is offered again every second, until the job would be due again: then it waits as it is stored.
  // A failure of one job among several waits for the others' first: see ReportDesk. `under_way` is
  // given up when it waits there, or when all is done.
  void settle(PendingJob job, std::vector<Disposition> dispositions, AttemptFacts facts,
              std::shared_ptr<void> under_way = nullptr);
  // The same for a job that no session took: all of its recipients share `why`. If the sender's
  // route has changed since the job was stored, that was about the wrong receiver: the job moves
  // instead.
  void settle_untaken(PendingJob job, const Disposition& why, AttemptFacts facts);
  // Without an attempt: the job is due `delay` from now, or goes to the lane of `route`.
  void put_off(PendingJob job, std::chrono::seconds delay);
  void move(PendingJob job, std::string route);
  // Ends the claim without a change.
  void release(const queue::Job& job);
  // Reports that wait for others are no longer held back.
  void drain();
  bool drained() const { return desk_.empty() && reporting_ == 0; }

 private:
  struct Work;
  using Batch = ReportDesk<Work>::Batch;  // works of one message
  struct Commit;

  void begin(const std::shared_ptr<Work>& work);
  void read_envelope(const std::shared_ptr<Work>& work);
  void decide(const std::shared_ptr<Work>& work);
  void await_others(const std::shared_ptr<Work>& work);
  void strip_delivered(const std::shared_ptr<Work>& work);
  void to_desk(std::shared_ptr<Work> work);
  void wait_at_desk(std::shared_ptr<Work> work);
  void report(const queue::MessageId& id);
  void finish(Batch batch);
  void read_content(Batch batch);
  void store(const Batch& batch, std::string_view content);
  void emit_stored(const Batch& batch, const queue::Change& change);
  void count_tls(const queue::Job& job, const queue::Envelope& envelope, const AttemptFacts& facts);
  void replace(queue::Job before, queue::Job after);
  void commit(Commit work);
  void again(Commit work);
  void end_claims(const queue::Change& change);
  void end_claim(const queue::Job& before);

  relay::Context& context_;
  MemoryCounts& counts_;
  ReportLimits& limits_;
  const Listener listener_;
  ReportDesk<Work> desk_;
  LruMap<std::string, bool> counted_{1'000};  // sessions and domains: see count_tls()
  std::size_t reporting_ = 0;  // jobs on their way to the desk, or from it until they are settled
};

}  // namespace signpost::delivery
