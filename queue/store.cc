#include "queue/store.h"

namespace signpost::queue {

namespace {

constexpr std::size_t kRowOverhead = 64;  // keys, lengths and the numbers of a row

std::size_t size_of(const Job& job) {
  std::size_t size =
      kRowOverhead + job.domain.size() + job.last_reply.text.size() + job.last_remote.size();
  for (const Recipient& recipient : job.recipients) {
    size += 8 + recipient.mailbox.size() + recipient.original_recipient.size();
  }
  return size;
}

std::size_t size_of(const Message& message) {
  const Envelope& envelope = message.envelope;
  return 2 * kRowOverhead + message.content.size() + envelope.reverse_path.size() +
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

}  // namespace signpost::queue
