// Asynchronous DNS: questions about names, answered once. open_resolver() makes one
// (open_resolver.h).
#pragma once

#include "dns/answer.h"
#include "dns/mx.h"
#include "dns/question.h"
#include "dns/views.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace signpost::dns {

// Destroying it cancels the callback; the callback itself may do so. Must not outlive its Resolver.
class Query {
 public:
  virtual ~Query() = default;
};
using QueryHandle = std::unique_ptr<Query>;

// Belongs to one worker. The loop's thread only. A callback never runs from within the call that
// asks: answers from the cache arrive by Loop::defer(). A callback may destroy the resolver, after
// its queries.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // The name need not be canonical. Follows CNAMEs. For A and AAAA an address is its own answer and
  // "localhost" is the loopback; /etc/hosts is not read.
  [[nodiscard]] virtual QueryHandle ask(const Question& question,
                                        std::function<void(const Answer&)> done) = 0;
  virtual std::size_t cache_size() const = 0;
  // Whether answers can be authenticated at all: ResolverOptions::trust_ad.
  virtual bool trusts_validation() const = 0;

  // ask() with answers in the shape that callers need: views.h.

  // The mail exchangers of `domain` (an A-label name), in the order in which to try them: see mx.h.
  [[nodiscard]] QueryHandle mail_exchangers(const std::string& domain,
                                            std::function<void(const MxAnswer&)> done);
  // A and AAAA together, once both are answered.
  [[nodiscard]] QueryHandle addresses(const std::string& host,
                                      std::function<void(const AddressAnswer&)> done);
  [[nodiscard]] QueryHandle texts(const std::string& name,
                                  std::function<void(const TextAnswer&)> done);
  // The CNAME record of `name` itself, which is not followed.
  [[nodiscard]] QueryHandle alias(const std::string& name,
                                  std::function<void(const AliasAnswer&)> done);
  // `name` begins with port and protocol: "_25._tcp.mx.example" (RFC 6698 section 3).
  [[nodiscard]] QueryHandle tlsa_records(const std::string& name,
                                         std::function<void(const TlsaAnswer&)> done);
};

}  // namespace signpost::dns
