// Answers from the cache or from the name servers; equal questions under way are asked once.
// Internal to dns/.
#pragma once

#include "base/alive.h"
#include "base/clock.h"
#include "dns/cache.h"
#include "dns/query_metrics.h"
#include "dns/question_channel.h"
#include "dns/resolver.h"
#include "dns/resolver_options.h"
#include "net/loop.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace signpost::dns {

class CachingResolver final : public Resolver {
 public:
  CachingResolver(net::Loop& loop, const Clock& clock, const ResolverOptions& options,
                  metrics::Registry& registry, std::unique_ptr<QuestionChannel> channel);

  [[nodiscard]] QueryHandle ask(const Question& question,
                                std::function<void(const Answer&)> done) override;
  std::size_t cache_size() const override { return cache_.size(); }
  bool trusts_validation() const override { return believe_ad_; }

 private:
  // Owned by the asker's query: when that is gone, the answer is dropped.
  struct Waiter {
    std::function<void(const Answer&)> done;
  };
  struct WaitingQuery;
  using Waiters = std::vector<std::weak_ptr<Waiter>>;
  using SharedAnswer = std::shared_ptr<const Answer>;
  struct Ready {
    std::weak_ptr<Waiter> waiter;
    SharedAnswer answer;
  };

  void find(const Question& question, const std::shared_ptr<Waiter>& waiter);
  void send_waiting();
  void send(const Question& question);
  void answered(const Question& question, SteadyTime::duration took, Answer answer);
  void hand_over_later(const std::weak_ptr<Waiter>& waiter, SharedAnswer answer);
  void hand_over();

  net::Loop& loop_;
  const Clock& clock_;
  const ResolverOptions options_;
  Cache cache_;
  QueryMetrics metrics_;
  const std::unique_ptr<QuestionChannel> channel_;
  const bool believe_ad_;
  std::unordered_map<Question, Waiters, QuestionHash> under_way_;  // those in line_ too
  std::deque<Question> line_;  // until fewer than ResolverOptions::max_queries are asked
  std::size_t asked_ = 0;
  bool sending_ = false;
  std::vector<Ready> ready_;
  Alive alive_;  // for deferred calls
};

}  // namespace signpost::dns
