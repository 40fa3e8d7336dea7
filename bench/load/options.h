// What signpost-load was asked to do.
#pragma once

#include "base/result.h"
#include "bench/load/schedule.h"
#include "bench/load/threshold.h"
#include "bench/wire/socket.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signpost::bench {

enum class TlsUse { None, StartTls, Implicit };
enum class AuthMechanism { Plain, Login };

struct LoadOptions {
  Endpoint to;
  std::vector<Endpoint> sources;  // local addresses, in turn; empty: the system chooses
  unsigned threads = 1;
  unsigned connections = 10;
  Plan plan;
  std::size_t size = 4096;
  std::vector<std::string> bodies;  // contents of files, in turn; empty: random ones
  std::string content_type = "text/plain; charset=utf-8";  // of those
  TlsUse tls = TlsUse::None;
  std::string user;
  std::string password;
  AuthMechanism mechanism = AuthMechanism::Plain;
  bool pipelining = true;
  bool chunks = false;                        // BDAT, not DATA
  std::size_t chunk_size = 0;                 // octets; 0: the message is one chunk
  bool line_writes = false;                   // each line written by itself, as PHP and Ruby do
  std::uint64_t messages_per_connection = 0;  // 0: no limit
  std::string from = "load@load.example";
  std::vector<std::string> recipient_domains = {"rcpt.example"};
  std::string recipient_prefix = "rcpt";
  unsigned recipients_per_message = 1;
  bool spread_recipients = false;  // recipients of one message over all domains
  std::string hello = "load.example";
  std::string id_prefix;
  std::chrono::milliseconds timeout{60'000};
  std::chrono::milliseconds connect_retry{0};  // keep trying to connect for this long
  std::string ledger;
  std::string report;  // a page with charts
  std::vector<Threshold> thresholds;
  std::uint64_t seed = 1;
  bool json = false;
  bool progress = false;
};

// Nothing: the process ends with `exit_code` (--help, or wrong usage said on stderr).
std::optional<LoadOptions> parse_load_options(int argc, char** argv, int& exit_code);

}  // namespace signpost::bench
