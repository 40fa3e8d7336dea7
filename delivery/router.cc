#include "delivery/router.h"

#include "mta_sts/discovery.h"

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
        const bool may_bind = answer.outcome == dns::MxAnswer::Outcome::Hosts &&
                              context_.mta_sts != nullptr &&
                              heeds_policies(*context_.settings->config);
        if (may_bind) {
          find_policy(number, Found{lane, plan, answer, done});
        } else {
          finish({lane, plan, answer, done}, {});
        }
      });
}

void Router::find_policy(std::uint64_t number, Found found) {
  const std::string domain = found.plan.domain;
  queries_[number] = context_.mta_sts->find(
      domain, [this, number, found = std::move(found)](const mta_sts::Finding& finding) {
        auto query = queries_.extract(number);
        context_.loop.defer([query = std::move(query)] {});
        finish(found, finding);
      });
}

void Router::finish(const Found& found, const mta_sts::Finding& finding) {
  const relay::Settings& settings = *context_.settings;
  found.done(found.lane, at_exchangers(*settings.config, *settings.providers, found.plan,
                                       found.answer, finding));
}

}  // namespace signpost::delivery
