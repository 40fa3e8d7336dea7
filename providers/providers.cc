#include "providers/providers.h"

#include "base/ascii.h"
#include "base/check.h"
#include "providers/built_in.h"

#include <algorithm>

namespace signpost::providers {

namespace {

// Longer than any name of a host.
constexpr std::size_t kLongestHost = 255;

const ReplyPattern* first_match(const std::vector<ReplyPattern>& patterns, const smtp::Reply& reply,
                                const ReplyText& text) {
  const auto found = std::ranges::find_if(
      patterns, [&](const ReplyPattern& pattern) { return pattern.matches(reply, text); });
  return found == patterns.end() ? nullptr : &*found;
}

}  // namespace

const std::shared_ptr<const Providers>& Providers::built_in() {
  static const std::shared_ptr<const Providers> providers = [] {
    std::vector<config::ConfigError> errors;
    auto parsed = parse(kBuiltInText, "", errors);
    CHECK(parsed != nullptr);
    return parsed;
  }();
  return providers;
}

const Provider* Providers::find(std::string_view mx_host) const {
  if (mx_host.empty() || mx_host.size() > kLongestHost) return nullptr;
  const std::string host = ascii::lower(mx_host);
  // The whole name, then from each dot on: the longest pattern first.
  for (std::size_t at = 0; at != std::string::npos; at = host.find('.', at + 1)) {
    const auto found = by_host_.find(std::string_view(host).substr(at));
    if (found != by_host_.end()) return &all_[found->second];
  }
  return nullptr;
}

const Provider* Providers::named(std::string_view name) const {
  const auto found = std::ranges::lower_bound(all_, name, {}, &Provider::name);
  return found == all_.end() || found->name != name ? nullptr : &*found;
}

std::string_view Providers::name_of(std::string_view mx_host) const {
  const Provider* const provider = find(mx_host);
  return provider == nullptr ? kOther : std::string_view(provider->name);
}

Providers::Reading Providers::read_words(const Provider* provider, const smtp::Reply& reply) const {
  // With code 0 the words are our own.
  if (reply.code == 0 || reply.positive()) return {.words = class_by_status(reply)};
  const ReplyText text(reply.text);
  if (provider != nullptr) {
    if (const auto* const own = first_match(provider->replies, reply, text)) {
      return {.words = own->reply_class, .pattern = own};
    }
  }
  if (const auto* const common = first_match(common_, reply, text)) {
    return {.words = common->reply_class, .pattern = common, .common = true};
  }
  return {.words = class_by_status(reply)};
}

Providers::Reading Providers::read(const Provider* provider, const smtp::Reply& reply,
                                   ReplyScope scope) const {
  Reading reading = read_words(provider, reply);
  reading.reply_class = class_in(reply.code == 0 ? ReplyScope::Recipient : scope, reading.words);
  return reading;
}

ReplyClass Providers::classify(const Provider* provider, const smtp::Reply& reply,
                               ReplyScope scope) const {
  return read(provider, reply, scope).reply_class;
}

}  // namespace signpost::providers
