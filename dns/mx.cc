#include "dns/mx.h"

#include "base/ascii.h"
#include "dns/name.h"
#include "net/address.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace signpost::dns {

namespace {

constexpr std::size_t kFaultsNamed = 3;

// An exchanger is a name that has addresses (RFC 5321 section 5.1). "localhost" would mean
// ourselves, no matter who publishes it.
bool is_usable(const std::string& host) {
  return canonical_name(host).has_value() && !is_localhost(host) && !net::IpAddress::parse(host);
}

// What is wrong with it, in words.
std::string fault(const std::string& host) {
  if (host.empty()) return "the null MX";
  if (net::IpAddress::parse(host)) return host + " (an address instead of a name)";
  if (is_localhost(host)) return host + " (every machine's own name)";
  return host + " (not a host name)";
}

std::string faults(const std::vector<MxHost>& hosts) {
  std::string text;
  for (std::size_t i = 0; i < hosts.size() && i < kFaultsNamed; ++i) {
    if (i > 0) text += ", ";
    text += fault(hosts[i].host);
  }
  return hosts.size() > kFaultsNamed ? text + ", ..." : text;
}

// No more than kMaxHosts of the ordered ones, and of each preference at least one as long as there
// is room: the backup counts, however many hosts come before it.
void keep_few(std::vector<MxHost>& hosts) {
  if (hosts.size() <= kMaxHosts) return;
  std::size_t preferences = 1;
  for (std::size_t i = 1; i < hosts.size(); ++i) {
    if (hosts[i].preference != hosts[i - 1].preference) ++preferences;
  }
  std::size_t room = kMaxHosts - std::min(preferences, kMaxHosts);  // beside one of each
  std::vector<MxHost> kept;
  for (MxHost& mx : hosts) {
    const bool first = kept.empty() || kept.back().preference != mx.preference;
    if (!first && room == 0) continue;
    if (!first) --room;
    kept.push_back(std::move(mx));
    if (kept.size() == kMaxHosts) break;
  }
  hosts = std::move(kept);
}

}  // namespace

MxAnswer order_mail_exchangers(std::vector<MxHost> hosts) {
  MxAnswer answer;
  const bool null_mx =
      !hosts.empty() && std::ranges::all_of(hosts, &std::string::empty, &MxHost::host);
  if (null_mx) {
    answer.outcome = MxAnswer::Outcome::NullMx;
    answer.detail = "null MX";
    return answer;
  }
  if (std::ranges::none_of(hosts, is_usable, &MxHost::host)) {
    answer.outcome = MxAnswer::Outcome::Unusable;
    answer.detail = faults(hosts);
    return answer;
  }
  std::erase_if(hosts, [](const MxHost& mx) { return !is_usable(mx.host); });
  std::ranges::sort(hosts, {}, [](const MxHost& mx) {
    return std::pair(mx.preference, std::string_view(mx.host));
  });
  std::unordered_set<std::string> seen;
  std::erase_if(hosts, [&](const MxHost& mx) { return !seen.insert(mx.host).second; });
  keep_few(hosts);
  answer.outcome = MxAnswer::Outcome::Hosts;
  answer.hosts = std::move(hosts);
  return answer;
}

void remove_self(std::vector<MxHost>& hosts, const std::string& own_hostname) {
  std::optional<std::uint16_t> own;
  for (const MxHost& mx : hosts) {
    if (!ascii::equals_ignore_case(mx.host, own_hostname)) continue;
    own = own ? std::min(*own, mx.preference) : mx.preference;
  }
  if (own) std::erase_if(hosts, [&](const MxHost& mx) { return mx.preference >= *own; });
}

}  // namespace signpost::dns
