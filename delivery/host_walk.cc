#include "delivery/host_walk.h"

#include "delivery/hop_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace signpost::delivery {

namespace {

// Hosts of one rank in random order, so that the load is spread over them (RFC 5321 section 5.1).
std::vector<NextHop::Host> shuffled(std::vector<NextHop::Host> hosts, Random& random) {
  std::ranges::shuffle(hosts, random);
  std::ranges::stable_sort(hosts, {}, &NextHop::Host::rank);
  return hosts;
}

// Of a route each next hop has a rank of its own, so that each is tried.
std::vector<NextHop::Host> ranked(const NextHop& hop, const std::vector<std::size_t>& order,
                                  Random& random) {
  if (hop.via.empty()) return shuffled(hop.hosts, random);
  std::vector<NextHop::Host> hosts;
  hosts.reserve(order.size());
  for (const std::size_t index : order) {
    hosts.push_back({hop.via[index].to.host, static_cast<unsigned>(hosts.size())});
  }
  return hosts;
}

}  // namespace

std::string HostWalk::Target::place() const {
  if (is_local()) return "unix:" + via->to.socket;
  return host.empty() || address.port == 0 ? "" : address.text();
}

HostWalk::HostWalk(net::Loop& loop, dns::Resolver& resolver, Random& random, NextHop hop,
                   Listener listener)
    : loop_(loop),
      resolver_(resolver),
      hop_(std::move(hop)),
      listener_(std::move(listener)),
      hops_(order_of(hop_.via, [&random] { return random.fraction(); })),
      order_(ranked(hop_, hops_, random)) {}

void HostWalk::next() {
  loop_.defer(alive_.guard([this] { offer(); }));
}

const RouteHop* HostWalk::via(unsigned rank) const {
  return hop_.via.empty() ? nullptr : &hop_.via[hops_[rank]];
}

std::uint16_t HostWalk::port() const {
  const RouteHop* const hop = via(order_.rank());
  return hop == nullptr ? hop_.port : hop->to.port;
}

HostWalk::Target HostWalk::target(AddressOrder::Target found) const {
  Target target;
  target.host = std::move(found.host);
  target.rank = found.is_dead ? std::numeric_limits<unsigned>::max() : found.rank;
  target.via = via(found.rank);
  target.address = {found.address, target.via == nullptr ? hop_.port : target.via->to.port};
  target.security = std::move(found.security);
  target.tls = decide_tls(target.via == nullptr ? hop_.tls : target.via->tls, target.host,
                          target.security, TlsTry::First);
  if (hop_.enforces_policy) enforce_policy(target.tls);
  return target;
}

void HostWalk::offer() {
  for (;;) {
    AddressOrder::Step step = order_.next();
    if (step.target) {
      listener_.found(target(std::move(*step.target)));
      return;
    }
    if (!step.ask) {
      listener_.exhausted(temporary_.value_or(why_.value_or(Disposition{})));
      return;
    }
    host_ = std::move(*step.ask);
    if (host_.empty()) {  // a unix socket
      order_.add({.host = "", .address = {}, .rank = order_.rank()}, Standing::Good);
      continue;
    }
    const auto literal = net::IpAddress::parse(host_);
    if (!literal) break;
    add(*literal, {.mx_authenticated = !hop_.mx});
  }
  query_ = resolver_.addresses(host_,
                               [this](const dns::AddressAnswer& answer) { on_addresses(answer); });
}

void HostWalk::add(const net::IpAddress& address, const DnsSecurity& security) {
  const net::SocketAddress target{address, port()};
  if (auto why = listener_.forbidden(host_, target)) {
    note(std::move(*why));
    return;
  }
  order_.add({host_, address, security, order_.rank()}, listener_.standing(target));
}

bool HostWalk::heeds_dane(const dns::AddressAnswer& answer) const {
  const RouteHop* const hop = via(order_.rank());
  const config::TlsPolicy policy = hop == nullptr ? hop_.tls : hop->tls;
  return hop_.dane && policy != config::TlsPolicy::Off && DaneLookup::is_needed(resolver_, answer);
}

// RFC 8461 section 5.1.
bool HostWalk::is_in_policy() const {
  const auto host = std::ranges::find(hop_.hosts, host_, &NextHop::Host::name);
  return !hop_.enforces_policy || host == hop_.hosts.end() || host->in_policy;
}

// A host that the configuration names needs no proof from the DNS, and one that has TLSA records is
// held to them although nothing proves that mail for the domain goes there: whoever could forge the
// MX records could have named a host without.
void HostWalk::on_dane(const dns::AddressAnswer& answer, Dane dane) {
  if (dane.demand == Dane::Demand::Unknown) {
    temporary_ = local(Outcome::Delayed, {4, 4, 3},
                       fmt::format("looking up the TLSA records of {} failed: {}",
                                   tlsa_name(port(), dane.base_domain), dane.detail));
    listener_.skipped(host_, *temporary_);
  } else if (!is_in_policy() && dane.demand != Dane::Demand::Proof) {
    note(
        local(Outcome::Delayed, {4, 7, 0},
              fmt::format("the MTA-STS policy of the domain names none of the mail servers that it "
                          "has, among them {}",
                          host_)));
  } else {
    const DnsSecurity security{.mx_authenticated = !hop_.mx,
                               .addresses_authenticated = answer.authenticated,
                               .dane = std::move(dane)};
    for (const net::IpAddress& address : answer.addresses) add(address, security);
  }
  offer();
}

void HostWalk::on_addresses(const dns::AddressAnswer& answer) {
  switch (answer.status) {
    case dns::Status::Ok:
      if (heeds_dane(answer)) {
        dane_lookup_.emplace(resolver_, host_, port(), answer,
                             [this, answer](Dane dane) { on_dane(answer, std::move(dane)); });
      } else {
        on_dane(answer, {});
      }
      return;
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
