// What happens to limits on recipients.
#pragma once

#include "base/event.h"
#include "quota/limits.h"
#include "relay/events/fields.h"

#include <cstdint>
#include <string_view>

namespace signpost::relay::events {

struct QuotaWarning {
  std::string_view session{};
  quota::Scope scope = quota::Scope::Login;
  std::string_view name{};
  quota::Kind limit = quota::Kind::Rate;
  std::uint64_t used = 0;
  std::uint64_t most = 0;
  std::int64_t seconds = 0;
  static constexpr auto kEvent =
      log::describe("quota_warning", log::Level::Warning,
                    "Four fifths of a limit on recipients are used. Once in its period, and once "
                    "an hour at most.",
                    log::field(field::kSession, &QuotaWarning::session),
                    log::field(field::kQuotaScope, &QuotaWarning::scope),
                    log::field(field::kQuotaName, &QuotaWarning::name),
                    log::field(field::kQuotaLimit, &QuotaWarning::limit),
                    log::field(field::kQuotaUsed, &QuotaWarning::used),
                    log::field(field::kQuotaMost, &QuotaWarning::most),
                    log::field(field::kQuotaSeconds, &QuotaWarning::seconds));
};

struct QuotaReached {
  std::string_view session{};
  quota::Scope scope = quota::Scope::Login;
  std::string_view name{};
  quota::Kind limit = quota::Kind::Rate;
  std::uint64_t used = 0;
  std::uint64_t most = 0;
  std::int64_t seconds = 0;
  SystemTime again{};
  static constexpr auto kEvent = log::describe(
      "quota_reached", log::Level::Warning,
      "A limit on recipients has no room for another one, which is refused with 450. Once in the "
      "limit's period, and once an hour at most; each refusal is a `rejected` event.",
      log::field(field::kSession, &QuotaReached::session),
      log::field(field::kQuotaScope, &QuotaReached::scope),
      log::field(field::kQuotaName, &QuotaReached::name),
      log::field(field::kQuotaLimit, &QuotaReached::limit),
      log::field(field::kQuotaUsed, &QuotaReached::used),
      log::field(field::kQuotaMost, &QuotaReached::most),
      log::field(field::kQuotaSeconds, &QuotaReached::seconds),
      log::field("again", &QuotaReached::again, "When there is room for another one."));
};

}  // namespace signpost::relay::events
