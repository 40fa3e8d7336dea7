#include "queue/job_match.h"

#include "base/ascii.h"
#include "smtp/idna.h"

#include <algorithm>

namespace signpost::queue {

bool job_matches(const JobFilter& filter, const Job& job) {
  if (filter.id && job.ref.id != *filter.id) return false;
  if (filter.state && job.state != *filter.state) return false;
  // Lanes of former versions may be in U-labels.
  if (!filter.domain.empty() &&
      !ascii::equals_ignore_case(smtp::with_a_labels(job.lane.domain), filter.domain)) {
    return false;
  }
  return filter.mailbox.empty() ||
         std::ranges::any_of(job.recipients, [&](const Recipient& recipient) {
           return recipient_matches(filter, recipient);
         });
}

bool recipient_matches(const JobFilter& filter, const Recipient& recipient) {
  return filter.mailbox.empty() ||
         ascii::equals_ignore_case(smtp::with_a_labels(recipient.mailbox.text()), filter.mailbox);
}

bool envelope_matches(const JobFilter& filter, const Envelope& envelope) {
  if (!filter.login.empty() && envelope.login != filter.login) return false;
  return !filter.sender ||
         ascii::equals_ignore_case(smtp::text_of(envelope.reverse_path), *filter.sender);
}

}  // namespace signpost::queue
