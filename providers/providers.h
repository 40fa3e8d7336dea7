// What is known of those who run the mail hosts of many domains: which hosts are theirs, what they
// take at once, and what their replies mean. Read from a file that comes with the relay,
// etc/providers.toml.
#pragma once

#include "config/config.h"
#include "providers/reply_class.h"
#include "smtp/reply.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::providers {

// What one sending address may ask of a provider, all its hosts together. Nothing: no such limit
// is known, and the relay's own defaults apply.
struct Limits {
  std::optional<std::size_t> connections;                 // at once
  std::optional<std::size_t> messages_per_connection;     // then the connection is replaced
  std::optional<std::size_t> recipients_per_transaction;  // of one message
  std::optional<config::Rate> rate;                       // of transactions
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct Provider {
  std::string name;             // "google": a label of metrics
  std::vector<std::string> mx;  // patterns of the names of its MX hosts, in lower case
  Limits limits;
};

// Immutable; any thread.
class Providers {
 public:
  // The one whose MX hosts have such names; null if none has. Of several, the most specific
  // pattern. `mx_host`: A-labels in any case, without a final dot.
  const Provider* find(std::string_view mx_host) const;
  const Provider* named(std::string_view name) const;
  const std::vector<Provider>& all() const;

  // What `reply` of a host of `provider` (null: of any other) is about.
  ReplyClass classify(const Provider* provider, const smtp::Reply& reply) const;
};

}  // namespace signpost::providers
