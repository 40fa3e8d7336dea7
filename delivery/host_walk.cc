#include "delivery/host_walk.h"

#include "base/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace signpost::delivery {

namespace {

// Hosts of one rank in random order, so that the load is spread over them (RFC 5321 section 5.1).
std::deque<std::string> in_order(std::vector<NextHop::Host> hosts) {
  std::ranges::shuffle(hosts, Random::local());
  std::ranges::stable_sort(hosts, {}, &NextHop::Host::rank);
  std::deque<std::string> names;
  for (NextHop::Host& host : hosts) names.push_back(std::move(host.name));
  return names;
}

}  // namespace

HostWalk::HostWalk(net::Loop& loop, dns::Resolver& resolver, NextHop hop, Listener listener)
    : loop_(loop),
      resolver_(resolver),
      hop_(std::move(hop)),
      listener_(std::move(listener)),
      hosts_(in_order(hop_.hosts)) {}

void HostWalk::next() {
  loop_.defer(alive_.guard([this] { offer(); }));
}

void HostWalk::ask_addresses() {
  host_ = std::move(hosts_.front());
  hosts_.pop_front();
  if (const auto literal = net::IpAddress::parse(host_)) {
    addresses_.push_back(*literal);
    authenticated_ = false;
    offer();
    return;
  }
  query_ = resolver_.addresses(host_,
                               [this](const dns::AddressAnswer& answer) { on_addresses(answer); });
}

void HostWalk::on_addresses(const dns::AddressAnswer& answer) {
  switch (answer.status) {
    case dns::Status::Ok:
      addresses_.assign(answer.addresses.begin(), answer.addresses.end());
      authenticated_ = answer.authenticated;
      break;
    case dns::Status::Temporary:
      temporary_ =
          local(Outcome::Delayed, {4, 4, 3},
                fmt::format("looking up the address of {} failed: {}", host_, answer.detail));
      break;
    case dns::Status::NoData:
    case dns::Status::NxDomain:
      // A domain without MX and address records takes no mail. An MX record or a route that names a
      // host which does not exist is a mistake that may be corrected before the mail expires.
      note(hop_.implicit
               ? local(Outcome::Failed, {5, 4, 4},
                       fmt::format("{} has no mail server: neither MX nor address records", host_))
               : local(Outcome::Delayed, {4, 4, 4},
                       fmt::format("the mail server {} has no address", host_)));
      break;
  }
  offer();
}

// One host that may be mended is reason enough to try again.
void HostWalk::note(Disposition why) {
  if (!why_ || why.outcome == Outcome::Delayed) why_ = std::move(why);
}

void HostWalk::pass_over_forbidden() {
  while (!addresses_.empty()) {
    auto why = listener_.forbidden(host_, {addresses_.front(), hop_.port});
    if (!why) return;
    note(std::move(*why));
    addresses_.pop_front();
  }
}

void HostWalk::offer() {
  pass_over_forbidden();
  if (addresses_.empty() && !hosts_.empty() && targets_ < kMaxTargets) {
    ask_addresses();
    return;
  }
  if (addresses_.empty() || targets_ >= kMaxTargets) {
    listener_.exhausted(temporary_.value_or(why_.value_or(Disposition{})));
    return;
  }
  const net::IpAddress address = addresses_.front();
  addresses_.pop_front();
  ++targets_;
  // A host that the configuration names needs no proof from the DNS.
  const DnsSecurity security{.mx_authenticated = !hop_.mx,
                             .addresses_authenticated = authenticated_};
  listener_.found({host_,
                   {address, hop_.port},
                   security,
                   decide_tls(hop_.tls, host_, security, TlsTry::First)});
}

}  // namespace signpost::delivery
