#include "delivery/host_walk.h"

#include "base/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace signpost::delivery {

namespace {

// Hosts of one rank in random order, so that the load is spread over them (RFC 5321 section 5.1).
std::vector<NextHop::Host> shuffled(std::vector<NextHop::Host> hosts) {
  std::ranges::shuffle(hosts, Random::local());
  std::ranges::stable_sort(hosts, {}, &NextHop::Host::rank);
  return hosts;
}

}  // namespace

HostWalk::HostWalk(net::Loop& loop, dns::Resolver& resolver, NextHop hop, Listener listener)
    : loop_(loop),
      resolver_(resolver),
      hop_(std::move(hop)),
      listener_(std::move(listener)),
      order_(shuffled(hop_.hosts)) {}

void HostWalk::next() {
  loop_.defer(alive_.guard([this] { offer(); }));
}

void HostWalk::offer() {
  for (;;) {
    AddressOrder::Step step = order_.next();
    if (step.target) {
      // A host that the configuration names needs no proof from the DNS.
      const DnsSecurity security{.mx_authenticated = !hop_.mx,
                                 .addresses_authenticated = step.target->authenticated};
      const TlsRequirement tls = decide_tls(hop_.tls, step.target->host, security, TlsTry::First);
      listener_.found(
          {std::move(step.target->host), {step.target->address, hop_.port}, security, tls});
      return;
    }
    if (step.ask.empty()) {
      listener_.exhausted(temporary_.value_or(why_.value_or(Disposition{})));
      return;
    }
    host_ = std::move(step.ask);
    const auto literal = net::IpAddress::parse(host_);
    if (!literal) break;
    add(*literal, false);
  }
  query_ = resolver_.addresses(host_,
                               [this](const dns::AddressAnswer& answer) { on_addresses(answer); });
}

void HostWalk::add(const net::IpAddress& address, bool authenticated) {
  const net::SocketAddress target{address, hop_.port};
  if (auto why = listener_.forbidden(host_, target)) {
    note(std::move(*why));
    return;
  }
  order_.add({host_, address, authenticated}, listener_.was_dead(target));
}

void HostWalk::on_addresses(const dns::AddressAnswer& answer) {
  switch (answer.status) {
    case dns::Status::Ok:
      for (const net::IpAddress& address : answer.addresses) add(address, answer.authenticated);
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

// One host with a passing fault is reason enough to try again.
void HostWalk::note(Disposition why) {
  if (!why_ || why.outcome == Outcome::Delayed) why_ = std::move(why);
}

}  // namespace signpost::delivery
