#include "dns/caching_resolver.h"

#include "base/check.h"
#include "dns/interpret.h"
#include "dns/name.h"
#include "dns/service_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace signpost::dns {

struct CachingResolver::WaitingQuery final : Query {
  explicit WaitingQuery(std::shared_ptr<Waiter> its) : waiter(std::move(its)) {}
  const std::shared_ptr<Waiter> waiter;
};

CachingResolver::CachingResolver(net::Loop& loop, const Clock& clock,
                                 const ResolverOptions& options, metrics::Registry& registry,
                                 std::unique_ptr<QuestionChannel> channel)
    : loop_(loop),
      clock_(clock),
      options_(options),
      cache_(options.cache_entries),
      metrics_(registry),
      channel_(std::move(channel)),
      believe_ad_(believes_ad(options.trust_ad, channel_->servers())) {}

QueryHandle CachingResolver::ask(const Question& question,
                                 std::function<void(const Answer&)> done) {
  auto waiter = std::make_shared<Waiter>(std::move(done));
  if (auto known = known_answer(question, options_)) {
    hand_over_later(waiter, std::make_shared<const Answer>(std::move(*known)));
  } else {
    find({question.type, canonical_name(question.name).value()}, waiter);
  }
  return std::make_unique<WaitingQuery>(std::move(waiter));
}

void CachingResolver::find(const Question& question, const std::shared_ptr<Waiter>& waiter) {
  if (auto cached = cache_.find(question, clock_.steady_now())) {
    metrics_.answered_from_cache(question.type);
    hand_over_later(waiter, std::move(cached));
    return;
  }
  if (const auto found = under_way_.find(question); found != under_way_.end()) {
    found->second.push_back(waiter);
    return;
  }
  if (under_way_.size() >= options_.max_waiting) {
    metrics_.refused(question.type);
    hand_over_later(waiter, std::make_shared<const Answer>(temporary_failure(
                                "too many DNS queries are waiting", std::chrono::seconds(0))));
    return;
  }
  under_way_[question].push_back(waiter);
  line_.push_back(question);
  send_waiting();
}

// An answer may come from within send(): then the running loop continues.
void CachingResolver::send_waiting() {
  if (std::exchange(sending_, true)) return;
  while (asked_ < options_.max_queries && !line_.empty()) {
    const Question next = std::move(line_.front());
    line_.pop_front();
    const auto found = under_way_.find(next);
    if (std::ranges::all_of(found->second, &std::weak_ptr<Waiter>::expired)) {
      under_way_.erase(found);  // nobody is waiting for it any more
      continue;
    }
    ++asked_;
    send(next);
  }
  sending_ = false;
}

void CachingResolver::send(const Question& question) {
  const SteadyTime begun = clock_.steady_now();
  channel_->send(question, [this, question, begun](const QuestionChannel::Response& response) {
    answered(question, clock_.steady_now() - begun,
             response ? interpret(*response, question.type, options_, believe_ad_)
                      : temporary_failure(response.error(), options_.temporary_ttl));
  });
}

void CachingResolver::answered(const Question& question, SteadyTime::duration took, Answer answer) {
  metrics_.answered_by_server(question.type, answer.status, took);
  if (options_.watch != nullptr && answer.status == Status::Temporary) {
    options_.watch->failed(question.name, answer.detail, clock_.steady_now());
  } else if (options_.watch != nullptr) {
    options_.watch->answered();
  }
  const auto shared = std::make_shared<const Answer>(std::move(answer));
  if (shared->ttl > std::chrono::seconds(0)) {
    cache_.insert(question, shared, clock_.steady_now() + shared->ttl);
  }
  --asked_;
  const auto finished = under_way_.extract(question);
  CHECK(!finished.empty());
  for (const std::weak_ptr<Waiter>& waiter : finished.mapped()) hand_over_later(waiter, shared);
  send_waiting();
}

void CachingResolver::hand_over_later(const std::weak_ptr<Waiter>& waiter, SharedAnswer answer) {
  ready_.push_back({waiter, std::move(answer)});
  if (ready_.size() > 1) return;
  // Never from within c-ares: a callback may ask again, or destroy the resolver.
  loop_.defer(alive_.guard([this] { hand_over(); }));
}

void CachingResolver::hand_over() {
  const Alive::Token alive = alive_.token();
  for (const Ready& ready : std::exchange(ready_, {})) {
    if (const auto waiter = ready.waiter.lock()) waiter->done(*ready.answer);
    if (!alive) return;
  }
}

}  // namespace signpost::dns
