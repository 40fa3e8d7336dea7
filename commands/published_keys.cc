#include "commands/published_keys.h"

#include "base/check.h"
#include "dkim/key_record.h"
#include "dns/open_resolver.h"
#include "metrics/registry.h"
#include "net/loop.h"
#include "relay/name_servers.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace signpost::commands {

namespace {

std::string problem_of(const dns::TextAnswer& answer, const dkim::PrivateKey& key) {
  switch (answer.status) {
    case dns::Status::Ok:
      return problem_of_records(answer.texts, key);
    case dns::Status::NoData:
    case dns::Status::NxDomain:
      return fmt::format("no such record; publish \"{}\"", dkim::record_text(key));
    case dns::Status::Temporary:
      return fmt::format("not compared, since it cannot be looked up now: {}", answer.detail);
  }
  return "";
}

std::string problem_of_record(const std::string& text, const dkim::PrivateKey& key) {
  const auto record = dkim::parse_key_record(text);
  if (!record) return record.error().detail;
  if (record->public_key.empty()) return "the record says that the key is revoked (p= is empty)";
  if (record->algorithm == key.algorithm() && record->public_key == key.public_key_base64()) {
    return "";
  }
  return fmt::format("the record is for another key; ours is \"{}\"", dkim::record_text(key));
}

Published state_of(const dns::TextAnswer& answer, const std::string& problem) {
  if (answer.status == dns::Status::Temporary) return Published::Unknown;
  return problem.empty() ? Published::Same : Published::Wrong;
}

}  // namespace

std::string problem_of_records(const std::vector<std::string>& texts, const dkim::PrivateKey& key) {
  if (texts.empty()) return "no text";
  if (texts.size() == 1) return problem_of_record(texts.front(), key);
  // RFC 6376 section 3.6.2.2 leaves the result to each receiver: some fail, some take either.
  const bool ours = std::ranges::any_of(
      texts, [&](const std::string& text) { return problem_of_record(text, key).empty(); });
  return fmt::format(
      "{} TXT records at this one name, {}: receivers may use any of them, or none; "
      "leave only \"{}\"",
      texts.size(), ours ? "one of them ours" : "none of them ours", dkim::record_text(key));
}

Result<std::vector<PublishedKey>> look_up_keys(
    const config::Config& config,
    const std::vector<std::shared_ptr<const dkim::PrivateKey>>& keys) {
  CHECK(keys.size() == config.dkim.size());
  std::vector<PublishedKey> found;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == nullptr || config.dkim[i].domain.empty() || config.dkim[i].selector.empty())
      continue;
    const auto domain = smtp::to_a_labels(config.dkim[i].domain);
    found.push_back(
        {i, dkim::record_name(domain ? *domain : config.dkim[i].domain, config.dkim[i].selector),
         "", Published::Unknown});
  }
  if (found.empty()) return found;
  metrics::Registry registry;
  net::Loop loop;
  dns::ResolverOptions options = relay::resolver_options(config);
  options.timeout = std::chrono::seconds(3);
  options.tries = 2;
  auto resolver = dns::open_resolver(loop, options, registry);
  if (!resolver) return Failure(std::move(resolver).error());

  std::vector<dns::QueryHandle> queries;
  queries.reserve(found.size());
  std::size_t left = found.size();
  for (PublishedKey& key : found) {
    queries.push_back((*resolver)->texts(key.name, [&](const dns::TextAnswer& answer) {
      key.problem = problem_of(answer, *keys[key.table]);
      key.state = state_of(answer, key.problem);
      if (--left == 0) loop.stop();
    }));
  }
  loop.run();
  queries.clear();
  return found;
}

}  // namespace signpost::commands
