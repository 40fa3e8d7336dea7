#include "delivery/site_pauses.h"

#include "base/utc.h"
#include "delivery/next_hop.h"

#include <utility>

namespace signpost::delivery {

std::string words_of(const SitePause& pause) {
  std::string words = "paused by ";
  words.append(pause.by).append(pause.until ? " until " : " until it is resumed");
  if (pause.until) words.append(utc_text(*pause.until));
  if (!pause.reason.empty()) words.append(": ").append(pause.reason);
  return words;
}

bool SitePauses::add(SitePause pause) {
  std::string site = pause.site;
  if (pauses_.size() >= kMost && !pauses_.contains(site)) return false;
  pauses_.insert_or_assign(std::move(site), std::make_shared<const SitePause>(std::move(pause)));
  return true;
}

bool SitePauses::remove(std::string_view site) {
  const auto found = pauses_.find(site);
  if (found == pauses_.end()) return false;
  pauses_.erase(found);
  return true;
}

std::vector<SitePausePtr> SitePauses::take_over(SystemTime now) {
  std::vector<SitePausePtr> over;
  for (auto each = pauses_.begin(); each != pauses_.end();) {
    if (!each->second->until || *each->second->until > now) {
      ++each;
      continue;
    }
    over.push_back(std::move(each->second));
    each = pauses_.erase(each);
  }
  return over;
}

SitePausePtr SitePauses::named(std::string_view site) const {
  const auto found = pauses_.find(site);
  return found == pauses_.end() ? nullptr : found->second;
}

SitePausePtr SitePauses::find(std::string_view key, std::string_view group) const {
  if (pauses_.empty()) return nullptr;
  SitePausePtr own = named(key);
  if (!own) own = named(without_sources(key));
  return own || group.empty() ? own : named(group);
}

std::vector<SitePause> SitePauses::all() const {
  std::vector<SitePause> all;
  all.reserve(pauses_.size());
  for (const auto& [site, pause] : pauses_) all.push_back(*pause);
  return all;
}

}  // namespace signpost::delivery
