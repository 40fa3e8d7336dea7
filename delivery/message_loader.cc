#include "delivery/message_loader.h"

#include "delivery/outgoing_message.h"
#include "relay/redirect.h"

#include <memory>
#include <utility>

namespace signpost::delivery {

namespace {

using MessagePtr = std::shared_ptr<const queue::Message>;

Result<MessagePtr> read_message(const queue::Store& store, const relay::Admission& admission,
                                const queue::MessageId& id) {
  auto envelope = store.envelope(id);
  if (!envelope) return Failure(std::move(envelope).error());
  if (!admission.may_hold(envelope->size)) {
    return fail(Errc::Unavailable, "not enough memory for it now");
  }
  auto content = store.content(id);
  if (!content) return Failure(std::move(content).error());
  return std::make_shared<const queue::Message>(
      queue::Message{std::move(*envelope), std::move(*content)});
}

Loaded checked(const relay::Context& context, PendingJob job) {
  const queue::Lane& lane = job.job.lane;
  const queue::Envelope& envelope = job.message->envelope();
  std::string route = relay::route_in_force(*context.settings->config,
                                            {envelope.login, envelope.reverse_path}, lane);
  if (route == lane.route) return {std::move(job), true, {}, ""};
  return {std::move(job), false, NotReady::Moved, std::move(route)};
}

}  // namespace

void load_message(relay::Context& context, PendingJob job, std::function<void(Loaded)> done) {
  if (job.message) {
    done(checked(context, std::move(job)));
    return;
  }
  struct Load {
    PendingJob job;
    Result<MessagePtr> message = fail(Errc::NotFound, "not read");
  };
  auto load = std::make_shared<Load>();
  load->job = std::move(job);
  context.loop.run_blocking(
      [load, &store = context.store, &admission = context.admission] {
        load->message = read_message(store, admission, load->job.job.ref.id);
      },
      [load, &context, done = std::move(done)] {
        if (!load->message) {
          Error& error = load->message.error();
          const bool no_memory = error.code == Errc::Unavailable;
          done({std::move(load->job), false, no_memory ? NotReady::NoMemory : NotReady::Unreadable,
                std::move(error.detail)});
          return;
        }
        load->job.message =
            std::make_shared<OutgoingMessage>(std::move(*load->message), context.admission);
        done(checked(context, std::move(load->job)));
      });
}

}  // namespace signpost::delivery
