#include "delivery/queue_census.h"

#include "relay/redirect.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace signpost::delivery {

namespace {

constexpr std::size_t kRowsAPage = 5000;
constexpr std::chrono::seconds kPause{5};  // between two counts, or looks whether one is needed
constexpr int kRest = 300;                 // times as long as a page took

}  // namespace

struct QueueCensus::Page {
  std::optional<queue::LaneCounts> counts;
  std::vector<std::string> hosts;  // where the mail of each lane went last
  SteadyTime::duration took{};
};

QueueCensus::QueueCensus(relay::Context& context, const Scheduler& scheduler)
    : context_(context),
      scheduler_(scheduler),
      timer_(context.loop, [this] { next_.empty() ? begin() : read(); }) {
  // Shown from the start, as zero.
  shown_[{std::string(providers::kUnknown), "mx"}] = 0;
  shown_[{std::string(providers::kOther), "mx"}] = 0;
  for (const providers::Provider& provider : context_.settings->providers->all()) {
    shown_[{provider.name, "mx"}] = 0;
  }
  publish();
  begin();
}

void QueueCensus::begin() {
  Origin now{context_.commits.committer().stored(), scheduler_.figures().moves, context_.settings};
  if (counted_ == now) {
    timer_.start(kPause);
    return;
  }
  counted_ = std::move(now);
  read();
}

void QueueCensus::read() {
  auto page = std::make_shared<Page>();
  context_.loop.run_blocking(
      [page, from = next_, &store = context_.store, &scheduler = scheduler_,
       &clock = context_.clock] {
        const auto began = clock.steady_now();
        auto counts = store.count_waiting(from, kRowsAPage);
        if (counts) {
          std::vector<queue::Lane> lanes;
          lanes.reserve(counts->lanes.size());
          for (const auto& [lane, jobs] : counts->lanes) lanes.push_back(lane);
          page->hosts = scheduler.hosts(lanes);
          page->counts = std::move(*counts);
        }
        page->took = clock.steady_now() - began;
      },
      alive_.guard([this, page] { take_in(*page); }));
}

void QueueCensus::take_in(const Page& page) {
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(kRest * page.took);
  if (!page.counts) {  // the store says so in the log
    counted_.reset();
    timer_.start(std::max<std::chrono::milliseconds>(rest, kPause));
    return;
  }
  for (std::size_t i = 0; i < page.hosts.size(); ++i) {
    const auto& [lane, jobs] = page.counts->lanes[i];
    // The label, since a name that a reload brings may come too late for one of its own.
    const std::string_view provider =
        page.hosts[i].empty()
            ? providers::kUnknown
            : std::string_view(
                  context_.metrics.of_provider(context_.settings->providers->name_of(page.hosts[i]))
                      .label);
    const config::RouteConfig* const route =
        relay::lane_route(*context_.settings->config, lane.domain, lane.route);
    jobs_[{std::string(provider), route == nullptr ? "mx" : route->via}] += jobs;
  }
  next_ = page.counts->next;
  if (!page.counts->end) {
    timer_.start(rest);
    return;
  }
  publish();
  next_.clear();
  timer_.start(std::max<std::chrono::milliseconds>(rest, kPause));
}

void QueueCensus::publish() {
  for (const auto& [place, jobs] : shown_) jobs_.try_emplace(place, 0);
  for (const auto& [place, jobs] : jobs_) {
    context_.metrics.queue_jobs(place.first, place.second).set(static_cast<std::int64_t>(jobs));
  }
  shown_ = std::exchange(jobs_, {});
}

}  // namespace signpost::delivery
