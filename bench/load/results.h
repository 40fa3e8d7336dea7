// What a run of signpost-load saw.
#pragma once

#include "bench/load/refusals.h"
#include "bench/load/timeline.h"
#include "bench/wire/latency.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace signpost::bench {

// Each thread fills its own; `acknowledged` and `failed` may be read meanwhile, the rest after the
// thread has ended.
struct Results {
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<std::uint64_t> failed{0};
  std::uint64_t connections = 0;
  std::uint64_t refused_recipients = 0;
  std::uint64_t given_up = 0;  // of the connections at once: they could not be set up
  Latency connect;             // TCP's handshake
  Latency tls;                 // TLS's
  Latency auth;                // AUTH to 235
  Latency reply;               // end of data to its reply
  Latency transaction;         // MAIL (open loop: the time it was due) to the reply after the data
  std::map<int, std::uint64_t> reply_codes;
  std::map<std::string, std::uint64_t> errors;
  Refusals refusals;
  std::unique_ptr<Timeline> timeline;  // null: nobody asked for it

  void count_error(const std::string& what);
  void merge(const Results& other);
};

enum class Ended {
  Complete,     // everything that was asked for was claimed, or no session could be set up
  TimeIsUp,     // as asked
  Interrupted,  // by a signal
};

struct Summary {
  std::uint64_t messages = 0;  // that were to be acknowledged
  std::chrono::nanoseconds elapsed{0};
  Ended ended = Ended::Complete;
  bool counted = true;  // `messages` is what was asked for; else it is what was begun

  double seconds() const { return std::chrono::duration<double>(elapsed).count(); }
};

// `planned`: by the schedule. It is what counts, unless nobody said how many there should be, or
// less was begun because of an interruption or, in a closed loop, at the end of the time.
Summary summarize(const Results& results, std::uint64_t planned, bool open_loop, Ended ended,
                  std::chrono::nanoseconds elapsed);

// Messages acknowledged a second.
double rate(const Results& results, const Summary& summary);

bool all_well(const Results& results, const Summary& summary);

}  // namespace signpost::bench
