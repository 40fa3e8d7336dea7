#include "queue/job_match.h"

#include <algorithm>

namespace signpost::queue {

bool job_matches(const JobFilter& filter, const Job& job) {
  if (filter.id && job.ref.id != *filter.id) return false;
  if (filter.until && job.ref.id > *filter.until) return false;
  if (filter.state && job.state != *filter.state) return false;
  if (!filter.to) return true;
  if (!filter.to->names_mailbox()) return filter.to->matches_domain(job.lane.domain);
  return std::ranges::any_of(job.recipients, [&](const Recipient& recipient) {
    return recipient_matches(filter, recipient);
  });
}

bool recipient_matches(const JobFilter& filter, const Recipient& recipient) {
  return !filter.to || !filter.to->names_mailbox() || filter.to->matches(recipient.mailbox.text());
}

bool envelope_matches(const JobFilter& filter, const Envelope& envelope) {
  if (filter.login && !filter.login->matches(envelope.login)) return false;
  if (filter.from_null && envelope.reverse_path) return false;
  return !filter.from ||
         (envelope.reverse_path && filter.from->matches(envelope.reverse_path->text()));
}

}  // namespace signpost::queue
