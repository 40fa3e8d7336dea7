// What signpost-sink was asked to be.
#pragma once

#include "bench/sink/busy.h"
#include "bench/wire/socket.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signpost::bench {

// A share of events and what happens to them.
struct Share {
  double part = 0;  // 0 to 1
  int code = 0;
};

// Of RFC 9422; 0: none.
struct SessionLimits {
  std::size_t mails = 0;
  std::size_t recipients = 0;
  std::size_t recipient_domains = 0;
};

struct SinkOptions {
  std::vector<Endpoint> listen;
  unsigned threads = 1;
  std::string hostname = "sink.example";
  std::string
      greeting;  // instead of "220 hostname ESMTP …"; its code decides, other than 220 closes
  std::string certificate;
  std::string key;
  bool implicit_tls = false;
  bool broken_tls = false;
  bool esmtp = true;
  bool pipelining = true;
  bool eight_bit = true;
  bool smtputf8 = true;
  std::vector<std::string> keywords;  // further lines of the EHLO reply
  std::size_t size_limit = 64 << 20;
  std::string announced_limits;  // as they are written; empty: none
  SessionLimits limits;          // the same as numbers: enforced

  Share refuse_recipient{0, 550};
  Share defer_recipient{0, 451};
  Share refuse_data{0, 554};
  Share defer_data{0, 451};
  double drop_after_dot = 0;
  double drop_in_data = 0;
  BusyTime busy;
  std::size_t messages_per_connection = 0;            // then 421; 0: no such limit
  std::optional<std::chrono::milliseconds> greylist;  // how long a triple waits; nothing: no list
  std::chrono::milliseconds reply_delay{0};           // of the greeting and of each command
  std::chrono::milliseconds delay{0};                 // of the data
  double delay_share = 1;
  std::uint64_t seed = 1;

  std::string save;
  std::uint64_t save_limit = 1000;
  std::string ledger;
  std::string arrivals;
  std::string count_file;
  bool json = false;
  bool progress = false;
  std::uint64_t exit_after = 0;  // messages; 0: never
  double max_seconds = 0;        // 0: for ever
};

// Nothing: the process ends with `exit_code` (--help, or wrong usage said on stderr).
std::optional<SinkOptions> parse_sink_options(int argc, char** argv, int& exit_code);

// "0.1" or "0.1:552"; exposed for tests.
std::optional<Share> parse_share(const std::string& text, int default_code);

// "MAILMAX=5 RCPTMAX=3"; exposed for tests.
std::optional<SessionLimits> parse_session_limits(const std::string& text);

}  // namespace signpost::bench
