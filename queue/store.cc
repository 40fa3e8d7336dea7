#include "queue/store.h"

#include <chrono>
#include <cstdint>

namespace signpost::queue {

namespace {

constexpr std::size_t kRowOverhead = 64;  // keys, lengths and the numbers of a row

std::size_t size_of(const Job& job) {
  std::size_t size = 2 * (kRowOverhead + job.lane.domain.size() + job.lane.account.size() +
                          job.lane.route.size()) +
                     job.last_reply.text.size() + job.last_remote.size();
  for (const Recipient& recipient : job.recipients) {
    size += 8 + recipient.mailbox.text().size() + recipient.original_recipient.size();
  }
  return size;
}

std::size_t size_of(const Message& message) {
  const Envelope& envelope = message.envelope;
  return 2 * kRowOverhead + message.content.size() + smtp::text_of(envelope.reverse_path).size() +
         envelope.login.size() + envelope.peer.size() + envelope.from_domain.size() +
         envelope.message_id.size() + envelope.envelope_id.size();
}

}  // namespace

std::size_t Change::size() const {
  std::size_t size = removed.size() * kRowOverhead;
  for (const Enqueued& each : enqueued) {
    size += size_of(*each.message);
    for (const Job& job : each.jobs) size += size_of(job);
  }
  for (const Replaced& each : replaced) size += kRowOverhead + size_of(each.after);
  return size;
}

LanePosition position_after(const LanePosition& position) {
  LanePosition after = position;
  // The revision is the last part of a position.
  if (after.ref.revision != UINT32_MAX) {
    ++after.ref.revision;
  } else {
    after = first_position_after(position.due);
  }
  return after;
}

LanePosition first_position_after(SystemTime due) {
  return {due == SystemTime::max() ? due : due + std::chrono::microseconds(1), {}};
}

Result<std::optional<Job>> Store::claim(const JobRef& ref) {
  if (!claims_.take(ref)) return std::nullopt;
  auto stored = job(ref);
  if (!stored || !*stored) claims_.release(ref);
  return stored;
}

}  // namespace signpost::queue
