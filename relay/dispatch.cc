#include "relay/dispatch.h"

#include "base/log.h"
#include "base/random.h"
#include "relay/completion.h"
#include "relay/delivery_session.h"
#include "relay/next_hop.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace signpost::relay {

namespace {

std::vector<Disposition> for_all(const PendingJob& job, const Disposition& disposition) {
  return std::vector<Disposition>(job.job.recipients.size(), disposition);
}

void wake(Worker& worker, const std::shared_ptr<Destination>& destination, const SessionRef& ref) {
  if (ref.worker == worker.index()) {
    if (DeliverySession* session = worker.delivery(ref.session)) session->wake();
    return;
  }
  Worker& other = *worker.relay().workers[ref.worker];
  other.post([&other, ref, destination] {
    // A session that is gone has told its destination, which opened another connection if needed.
    if (DeliverySession* session = other.delivery(ref.session)) session->wake();
  });
}

void open_reserved(Worker& worker, const std::shared_ptr<Destination>& destination,
                   std::size_t index) {
  if (index == worker.index()) {
    worker.open_delivery(destination);
    return;
  }
  Worker& other = *worker.relay().workers[index];
  other.post([&other, destination] { other.open_delivery(destination); });
}

void dispatch_loaded(Worker& worker, PendingJob job) {
  // What is stored is delivered after the next start.
  if (worker.relay().draining.load(std::memory_order_relaxed)) return;
  const queue::Envelope& envelope = job.message->envelope();
  auto hop = next_hop(*worker.settings()->config, envelope.reverse_path, job.job.domain);
  if (!hop) {
    auto dispositions = for_all(job, local(Outcome::Failed, {5, 1, 2}, hop.error().detail));
    complete(worker, std::move(job), std::move(dispositions), {});
    return;
  }
  const auto destination = worker.relay().destinations.find_or_create(*hop);
  const Destination::Pushed pushed =
      destination->push(job, *hop, worker.index(), worker.loop().now());
  switch (pushed.then) {
    case Destination::Pushed::Then::Wait:
      return;
    case Destination::Pushed::Then::Open:
      open_reserved(worker, destination, pushed.open);
      return;
    case Destination::Pushed::Then::Wake:
      wake(worker, destination, pushed.wake);
      return;
    case Destination::Pushed::Then::Defer: {
      auto dispositions = for_all(job, pushed.failure);
      AttemptFacts facts;
      facts.attempted = false;
      complete(worker, std::move(job), std::move(dispositions), std::move(facts));
      return;
    }
    case Destination::Pushed::Then::Full:
      put_back(worker, std::move(job), std::chrono::seconds(10 + Random::local().below(20)));
      return;
  }
}

// `stored` was offered while we held the claim, and left: it has to be offered again.
void give_up_claim(Relay& relay, const queue::Job& job, const std::optional<queue::Job>& stored) {
  if (job.state == queue::JobState::Deferred) relay.deferred_in_memory.fetch_sub(1);
  relay.active.release(job.ref);
  if (stored) relay.scheduler->committed(*stored);
}

Result<std::shared_ptr<const queue::Message>> read_message(const Relay& relay,
                                                           const queue::MessageId& id) {
  auto envelope = relay.store->envelope(id);
  if (!envelope) return Failure(std::move(envelope).error());
  if (!relay.admission.may_hold(envelope->size)) {
    return fail(Errc::Unavailable, "no memory for it now");
  }
  auto content = relay.store->content(id);
  if (!content) return Failure(std::move(content).error());
  return std::make_shared<const queue::Message>(
      queue::Message{std::move(*envelope), std::move(*content)});
}

}  // namespace

std::optional<queue::Job> stored_version(const queue::Store& store, const queue::JobRef& ref) {
  const auto jobs = store.jobs_of(ref.id);
  if (!jobs) return std::nullopt;
  const auto found =
      std::ranges::find(*jobs, ref.number, [](const queue::Job& job) { return job.ref.number; });
  if (found == jobs->end()) return std::nullopt;
  return *found;
}

void dispatch(Worker& worker, PendingJob job) {
  if (job.message) {
    dispatch_loaded(worker, std::move(job));
  } else {
    load_message(worker, std::move(job),
                 [&worker](PendingJob loaded) { dispatch_loaded(worker, std::move(loaded)); });
  }
}

void settle(Worker& worker, const std::shared_ptr<Destination>& destination,
            Destination::Ended ended, const std::optional<Disposition>& failure) {
  for (PendingJob& job : ended.stranded) {
    auto dispositions = for_all(job, *failure);
    complete(worker, std::move(job), std::move(dispositions), {});
  }
  if (ended.open) open_reserved(worker, destination, *ended.open);
}

void load_message(Worker& worker, PendingJob job, std::function<void(PendingJob)> then) {
  struct Load {
    // The claim was taken after the job had been read: in between its last holder may have replaced
    // it.
    bool current() const { return stored && stored->ref == job.job.ref; }

    PendingJob job;
    std::optional<queue::Job> stored;
    Result<std::shared_ptr<const queue::Message>> message = fail(Errc::NotFound, "not read");
  };
  auto load = std::make_shared<Load>();
  load->job = std::move(job);
  Relay& relay = worker.relay();
  worker.loop().run_blocking(
      [load, &relay] {
        load->stored = stored_version(*relay.store, load->job.job.ref);
        if (!load->current()) return;
        load->message = read_message(relay, load->job.job.ref.id);
      },
      [load, &worker, then = std::move(then)] {
        if (!load->current()) {
          give_up_claim(worker.relay(), load->job.job, load->stored);
          return;
        }
        if (!load->message && load->message.error().code == Errc::Unavailable) {
          put_back(worker, std::move(load->job), std::chrono::seconds(30));
          return;
        }
        if (!load->message) {
          log::error("message_unreadable", {{"id", load->job.job.ref.id.text()},
                                            {"detail", load->message.error().detail}});
          put_back(worker, std::move(load->job), kLongestPutBack);
          return;
        }
        load->job.message =
            std::make_shared<OutgoingMessage>(std::move(*load->message), worker.relay().admission);
        then(std::move(load->job));
      });
}

}  // namespace signpost::relay
