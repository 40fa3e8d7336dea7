// What a run of signpost-load saw.
#pragma once

#include "bench/wire/latency.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace signpost::bench {

// Each thread fills its own; `acknowledged` and `failed` may be read meanwhile, the rest after the
// thread has ended.
struct Results {
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<std::uint64_t> failed{0};
  std::uint64_t connections = 0;
  std::uint64_t refused_recipients = 0;
  Latency reply;        // end of data to its reply
  Latency transaction;  // MAIL (open loop: the time it was due) to the reply after the data
  std::map<int, std::uint64_t> reply_codes;
  std::map<std::string, std::uint64_t> errors;

  void count_error(const std::string& what);
  void merge(const Results& other);
};

struct Summary {
  std::uint64_t messages = 0;  // asked for
  std::chrono::nanoseconds elapsed{0};
};

bool all_well(const Results& results, const Summary& summary);
std::string report_text(const Results& results, const Summary& summary);
std::string report_json(const Results& results, const Summary& summary);

}  // namespace signpost::bench
