// What is known of those who run the mail hosts of many domains: which hosts are theirs, what they
// take at once, and what their replies mean. Read from a file that comes with the relay,
// etc/providers.toml.
#pragma once

#include "base/lru_map.h"
#include "config/config.h"
#include "providers/names.h"
#include "providers/reply_class.h"
#include "providers/reply_pattern.h"
#include "smtp/reply.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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
  std::vector<ReplyPattern> replies;  // of its hosts, before the common ones
};

// Immutable; any thread.
class Providers {
 public:
  // Null after a mistake; each is added to `errors` with file, line and column. Any text may be
  // given.
  static std::shared_ptr<const Providers> parse(std::string_view toml, const std::string& file,
                                                std::vector<config::ConfigError>& errors);
  // What comes with the program; never null.
  static const std::shared_ptr<const Providers>& built_in();

  // The one whose MX hosts have such names; null if none has. Of several, the most specific
  // pattern. `mx_host`: A-labels in any case, without a final dot. What is returned lives as long
  // as this.
  const Provider* find(std::string_view mx_host) const;
  const Provider* named(std::string_view name) const;
  const std::vector<Provider>& all() const { return all_; }  // by name
  // find()'s name, or kOther.
  std::string_view name_of(std::string_view mx_host) const;

  // What `reply` of a host of `provider` (null: of any other) is about. Our own words, with code 0,
  // are about the recipient in any scope.
  ReplyClass classify(const Provider* provider, const smtp::Reply& reply, ReplyScope scope) const;
  // The same with the pattern that decided; null if none did and code and status were read.
  struct Reading {
    ReplyClass reply_class = ReplyClass::Other;
    ReplyClass words = ReplyClass::Other;  // what it would be in the scope of a recipient
    const ReplyPattern* pattern = nullptr;
    bool common = false;  // the pattern holds for every receiver
  };
  Reading read(const Provider* provider, const smtp::Reply& reply, ReplyScope scope) const;

  const std::vector<ReplyPattern>& common_replies() const { return common_; }
  const std::string& edition() const { return edition_; }  // "2026-11-30"
  const std::string& file() const { return file_; }        // "" for the built-in ones

 private:
  Reading read_words(const Provider* provider, const smtp::Reply& reply) const;

  std::vector<Provider> all_;
  std::vector<ReplyPattern> common_;
  std::string edition_;
  std::string file_;
  // Of names: "mx.example.net", and ".example.net" for all below it.
  std::unordered_map<std::string, std::size_t, StringHash, std::equal_to<>> by_host_;
};

}  // namespace signpost::providers
