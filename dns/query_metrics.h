// How often the DNS is asked for what, and with which result. Internal to dns/.
#pragma once

#include "dns/answer.h"
#include "dns/question.h"
#include "metrics/instruments.h"

#include <chrono>
#include <map>
#include <string>

namespace signpost::dns {

// Written by the resolver that owns it.
class QueryMetrics {
 public:
  explicit QueryMetrics(metrics::Registry& registry);

  void answered_from_cache(RecordType type) { types_.at(type).cached.add(); }
  void answered_by_server(RecordType type, Status status, std::chrono::duration<double> took);
  void refused(RecordType type) { types_.at(type).temporary.add(); }

 private:
  struct OneType {
    OneType(metrics::Registry& registry, const std::string& name);
    metrics::Counter ok, no_data, nx_domain, temporary, cached;
    metrics::Histogram seconds;
  };
  std::map<RecordType, OneType> types_;  // all of kRecordTypes
};

}  // namespace signpost::dns
