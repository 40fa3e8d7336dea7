#include "dns/cache.h"

#include <chrono>
#include <utility>

namespace signpost::dns {

std::shared_ptr<const Answer> Cache::find(const Question& question, SteadyTime now) {
  const Entry* const entry = entries_.find(question);
  if (entry == nullptr) return nullptr;
  if (entry->expires <= now) {
    entries_.erase(question);
    return nullptr;
  }
  auto answer = std::make_shared<Answer>(*entry->answer);
  answer->ttl = std::chrono::floor<std::chrono::seconds>(entry->expires - now);
  return answer;
}

void Cache::insert(const Question& question, std::shared_ptr<const Answer> answer,
                   SteadyTime expires) {
  entries_.insert(question, {std::move(answer), expires});
}

}  // namespace signpost::dns
