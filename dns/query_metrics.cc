#include "dns/query_metrics.h"

#include "dns/resolver_metrics.h"

#include <tuple>
#include <utility>

namespace signpost::dns {

namespace {

metrics::Labels labels(const std::string& type, const char* result) {
  return {{"type", type}, {"result", result}};
}

}  // namespace

QueryMetrics::OneType::OneType(metrics::Registry& registry, const std::string& name)
    : ok(registry, metric::kQueries, labels(name, "ok")),
      no_data(registry, metric::kQueries, labels(name, "no_data")),
      nx_domain(registry, metric::kQueries, labels(name, "nx_domain")),
      temporary(registry, metric::kQueries, labels(name, "temporary")),
      cached(registry, metric::kQueries, labels(name, "cached")),
      seconds(registry, metric::kQuerySeconds, metrics::latency_bounds(), {{"type", name}}) {}

QueryMetrics::QueryMetrics(metrics::Registry& registry) {
  for (const auto& [type, name] : kRecordTypes) {
    types_.try_emplace(type, registry, std::string(name));
  }
}

void QueryMetrics::answered_by_server(RecordType type, Status status,
                                      std::chrono::duration<double> took) {
  OneType& counters = types_.at(type);
  counters.seconds.observe(took.count());
  switch (status) {
    case Status::Ok:
      return counters.ok.add();
    case Status::NoData:
      return counters.no_data.add();
    case Status::NxDomain:
      return counters.nx_domain.add();
    case Status::Temporary:
      return counters.temporary.add();
  }
}

}  // namespace signpost::dns
