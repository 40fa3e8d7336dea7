#include "submission/recipient_quota.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace signpost::submission {

namespace {

using quota::Scope;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kShownName = 100;  // octets

std::string subject(Scope scope, std::string_view name) {
  const std::string shown = ascii::printable(name, kShownName);
  switch (scope) {
    case Scope::Login:
      return "The login " + shown;
    case Scope::Client:
      return "The address " + shown;
    case Scope::Tenant:
      return "The tenant " + shown + ", with all of its logins,";
    case Scope::Server:
      return "This server, for all of its clients,";
  }
  return "";
}

std::string_view period_text(seconds period) {
  if (period == seconds(1)) return "a second";
  if (period == minutes(1)) return "a minute";
  return period == hours(1) ? "an hour" : "a day";
}

std::string counted(std::int64_t count, std::string_view unit) {
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

// Rounded up: who waits for that long does not come too early.
std::string wait_text(seconds wait) {
  constexpr int kFewMinutes = 90;
  if (wait <= seconds(90)) return counted(std::max<std::int64_t>(1, wait.count()), "second");
  const auto whole = std::chrono::ceil<minutes>(wait);
  if (whole.count() <= kFewMinutes) return counted(whole.count(), "minute");
  return counted(std::chrono::ceil<hours>(wait).count(), "hour");
}

}  // namespace

Refused quota_used_up(const quota::Shortage& shortage, std::string_view what, SystemTime now) {
  const quota::Mark& limit = shortage.limit;
  const std::string wait = wait_text(std::chrono::ceil<seconds>(shortage.again - now));
  const std::string when =
      limit.kind == quota::Kind::Daily ? "after 00:00 UTC, in " + wait : "in " + wait;
  return refused(Refusal::Quota,
                 fmt::format("{} may send to {} {} and has no more left; send this {} again {}",
                             subject(limit.scope, limit.name),
                             counted(static_cast<std::int64_t>(limit.most), "recipient"),
                             period_text(limit.period), what, when));
}

Refused too_many_in_message(const relay::MessageLimit& limit,
                            const relay::RecipientSource& source) {
  const config::TenantConfig* const tenant = relay::tenant_of(source);
  const std::string_view name = limit.scope == Scope::Tenant && tenant != nullptr
                                    ? std::string_view(tenant->name)
                                    : source.login;
  return refused(Refusal::MessageRecipients,
                 fmt::format("{} may send one message to {}; send to the others in another message",
                             subject(limit.scope, name),
                             counted(static_cast<std::int64_t>(limit.most), "recipient")));
}

}  // namespace signpost::submission
