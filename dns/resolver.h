// Asynchronous DNS over c-ares with a bounded cache that keeps TTLs (RFC 1035, RFC 2308).
#pragma once

#include "base/result.h"
#include "dns/mx.h"
#include "net/address.h"
#include "net/loop.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::metrics {
class Registry;
}

namespace signpost::dns {

struct ResolverOptions {
  std::vector<net::SocketAddress> servers;  // empty: /etc/resolv.conf
  std::chrono::milliseconds timeout{5000};  // of one try at one server
  int tries = 3;                            // on each server
  std::size_t cache_entries = 100'000;      // the least recently used goes first
  std::chrono::seconds max_ttl{86400};
  std::chrono::seconds max_negative_ttl{900};
  std::chrono::seconds temporary_ttl{5};  // failures are remembered so long, to spare a dead server
  std::size_t max_queries = 2000;         // under way at once; beyond: Temporary
};

enum class Status {
  Ok,
  NoData,     // the name exists, records of this type do not
  NxDomain,   // the name does not exist: final
  Temporary,  // SERVFAIL, REFUSED, time-out, unparsable answer: try again later
};

struct AddressAnswer {
  Status status = Status::Temporary;
  std::vector<net::IpAddress> addresses;  // in the order of the answer
  std::string detail;                     // for the log: "SERVFAIL", "timed out", …
};

struct TextAnswer {
  Status status = Status::Temporary;
  std::vector<std::string> texts;  // each record's strings joined; at most kMaxTexts
  std::string detail;
};
inline constexpr std::size_t kMaxTexts = 10;

// Destroying it cancels the callback. Must not outlive its Resolver.
class Query {
 public:
  virtual ~Query() = default;
};
using QueryHandle = std::unique_ptr<Query>;

// One worker's. The loop's thread only. Callbacks never run from within the call that asked: an
// answer out of the cache comes by Loop::defer().
class Resolver {
 public:
  static Result<std::unique_ptr<Resolver>> create(net::Loop& loop, const ResolverOptions& options,
                                                  metrics::Registry& registry);
  virtual ~Resolver() = default;

  // The mail exchangers of `domain` (an A-label name), in the order in which to try them: see mx.h.
  [[nodiscard]] virtual QueryHandle mail_exchangers(const std::string& domain,
                                                    std::function<void(const MxAnswer&)> done) = 0;
  // A and AAAA together; CNAMEs are followed. Ok as soon as one family has addresses and the other
  // has answered too or failed. IPv6 addresses come first. An address as `host` is its own answer,
  // and "localhost" is the loopback; /etc/hosts is not read.
  [[nodiscard]] virtual QueryHandle addresses(const std::string& host,
                                              std::function<void(const AddressAnswer&)> done) = 0;
  // TXT records; CNAMEs are followed.
  [[nodiscard]] virtual QueryHandle texts(const std::string& name,
                                          std::function<void(const TextAnswer&)> done) = 0;
  virtual std::size_t cache_size() const = 0;
};

}  // namespace signpost::dns
