#include "delivery/job_line.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

void JobLine::update(LaneTurn& lane) {
  jobs_ += lane.jobs.size() - lane.counted_;
  lane.counted_ = lane.jobs.size();

  const bool ready = !lane.jobs.empty();
  if (ready && !lane.is_ready_) {
    lane.ready_ = ready_.insert(ready_.end(), &lane);
  } else if (!ready && lane.is_ready_) {
    ready_.erase(lane.ready_);
  }
  lane.is_ready_ = ready;

  const bool unread = lane.stored && !lane.reading && lane.jobs.size() <= kFew;
  if (unread && !lane.is_unread_) {
    lane.unread_ = unread_.insert(unread_.end(), &lane);
  } else if (!unread && lane.is_unread_) {
    unread_.erase(lane.unread_);
  }
  lane.is_unread_ = unread;

  // A lane that leaves starts afresh: neither credit nor debt outlives its work.
  if (!ready && !lane.stored && !lane.reading) lane.deficit_ = 0;
}

void JobLine::remove(LaneTurn& lane) {
  if (lane.is_ready_) ready_.erase(lane.ready_);
  if (lane.is_unread_) unread_.erase(lane.unread_);
  jobs_ -= lane.counted_;
  lane.is_ready_ = lane.is_unread_ = false;
  lane.counted_ = 0;
  lane.deficit_ = 0;
}

std::optional<JobLine::Taken> JobLine::take() {
  if (ready_.empty()) return std::nullopt;
  // This ends, since each round gives every lane a quantum.
  while (ready_.size() > 1 && ready_.front()->deficit_ <= 0) {
    ready_.front()->deficit_ += kQuantum;
    ready_.splice(ready_.end(), ready_, ready_.begin());
  }
  LaneTurn& lane = *ready_.front();
  Taken taken{std::move(lane.jobs.front()), &lane};
  lane.jobs.pop_front();
  // A lane on its own owes nothing; beside others it waits until a large message is paid off.
  const auto recipients = static_cast<std::int64_t>(taken.job.job.recipients.size());
  lane.deficit_ = ready_.size() == 1 ? 0 : lane.deficit_ - recipients;
  update(lane);
  return taken;
}

LaneTurn* JobLine::next_unread() {
  if (unread_.empty()) return nullptr;
  LaneTurn* lane = unread_.front();
  unread_.pop_front();
  lane->is_unread_ = false;
  return lane;
}

}  // namespace signpost::delivery
