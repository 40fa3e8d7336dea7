// Answers, kept for as long as they may be reused. Internal to dns/.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "dns/answer.h"
#include "dns/question.h"

#include <cstddef>
#include <memory>

namespace signpost::dns {

// Bounded: the least recently used entry goes first.
class Cache {
 public:
  explicit Cache(std::size_t capacity) : entries_(capacity) {}

  // Null if there is none or it has expired. Its ttl is the time left.
  std::shared_ptr<const Answer> find(const Question& question, SteadyTime now);
  void insert(const Question& question, std::shared_ptr<const Answer> answer, SteadyTime expires);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::shared_ptr<const Answer> answer;
    SteadyTime expires;
  };
  LruMap<Question, Entry, QuestionHash> entries_;
};

}  // namespace signpost::dns
