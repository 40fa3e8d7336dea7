#include "delivery/job_line.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

void JobLine::update(LaneTurn& lane) {
  jobs_ += lane.jobs.size() - lane.counted;
  lane.counted = lane.jobs.size();

  const bool ready = !lane.jobs.empty();
  if (ready && !lane.is_ready) {
    lane.ready = ready_.insert(ready_.end(), &lane);
  } else if (!ready && lane.is_ready) {
    ready_.erase(lane.ready);
  }
  lane.is_ready = ready;

  const bool unread = lane.stored && !lane.reading && lane.jobs.size() <= kFew;
  if (unread && !lane.is_unread) {
    lane.unread = unread_.insert(unread_.end(), &lane);
  } else if (!unread && lane.is_unread) {
    unread_.erase(lane.unread);
  }
  lane.is_unread = unread;

  // A lane that leaves starts afresh: neither credit nor debt outlives its work.
  if (!ready && !lane.stored && !lane.reading) lane.deficit = 0;
}

void JobLine::remove(LaneTurn& lane) {
  if (lane.is_ready) ready_.erase(lane.ready);
  if (lane.is_unread) unread_.erase(lane.unread);
  jobs_ -= lane.counted;
  lane.is_ready = lane.is_unread = false;
  lane.counted = 0;
  lane.deficit = 0;
}

std::optional<JobLine::Taken> JobLine::take() {
  if (ready_.empty()) return std::nullopt;
  // This ends, since each round gives every lane a quantum.
  while (ready_.size() > 1 && ready_.front()->deficit <= 0) {
    ready_.front()->deficit += kQuantum;
    ready_.splice(ready_.end(), ready_, ready_.begin());
  }
  LaneTurn& lane = *ready_.front();
  Taken taken{std::move(lane.jobs.front()), &lane};
  lane.jobs.pop_front();
  // A lane on its own owes nothing; with others it waits until a large message is paid off.
  const auto recipients = static_cast<std::int64_t>(taken.job.job.recipients.size());
  lane.deficit = ready_.size() == 1 ? 0 : lane.deficit - recipients;
  update(lane);
  return taken;
}

LaneTurn* JobLine::next_unread() {
  if (unread_.empty()) return nullptr;
  LaneTurn* lane = unread_.front();
  unread_.pop_front();
  lane->is_unread = false;
  return lane;
}

}  // namespace signpost::delivery
