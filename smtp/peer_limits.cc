#include "smtp/peer_limits.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace signpost::smtp {

namespace {

constexpr std::size_t kMostDigits = 6;

// 0: it has none that counts.
std::size_t limit_value(std::string_view digits) {
  std::size_t value = 0;
  if (digits.size() > kMostDigits || digits.starts_with('0')) return 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && rest == digits.data() + digits.size() ? value : 0;
}

void tighten(std::size_t& limit, std::size_t value) {
  if (value != 0) limit = limit == 0 ? value : std::min(limit, value);
}

}  // namespace

PeerLimits parse_limits(std::string_view arguments) {
  PeerLimits limits;
  for (const std::string_view argument : ascii::split(arguments, ' ')) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = argument.substr(0, equals);
    const std::size_t value = limit_value(argument.substr(equals + 1));
    const auto is = [name](std::string_view known) {
      return ascii::equals_ignore_case(name, known);
    };
    if (is("MAILMAX")) tighten(limits.mails, value);
    if (is("RCPTMAX")) tighten(limits.recipients, value);
    if (is("RCPTDOMAINMAX")) tighten(limits.recipient_domains, value);
  }
  return limits;
}

}  // namespace signpost::smtp
