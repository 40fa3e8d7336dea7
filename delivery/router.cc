#include "delivery/router.h"

#include <utility>

namespace signpost::delivery {

void Router::look_up(queue::Lane lane, Done done) {
  auto plan = plan_route(*context_.settings->config, lane);
  if (!plan) {
    done(lane, std::unexpected(local(Outcome::Failed, {5, 1, 2}, plan.error().detail)));
    return;
  }
  if (plan->domain.empty()) {
    done(lane, std::move(plan->hop));
    return;
  }
  const std::uint64_t number = next_++;
  const std::string domain = plan->domain;
  queries_[number] = context_.resolver.mail_exchangers(
      domain, [this, number, lane = std::move(lane), plan = std::move(*plan),
               done = std::move(done)](const dns::MxAnswer& answer) {
        // The query is calling us: it is destroyed once this has returned.
        auto query = queries_.extract(number);
        context_.loop.defer([query = std::move(query)] {});
        const relay::Settings& settings = *context_.settings;
        done(lane, at_exchangers(*settings.config, *settings.providers, plan, answer));
      });
}

}  // namespace signpost::delivery
