#include "relay/host_walk.h"

#include <fmt/format.h>

#include <utility>

namespace signpost::relay {

HostWalk::HostWalk(net::Loop& loop, dns::Resolver& resolver, NextHop hop, std::string own_hostname,
                   Listener listener)
    : loop_(loop),
      resolver_(resolver),
      hop_(std::move(hop)),
      own_hostname_(std::move(own_hostname)),
      listener_(std::move(listener)) {}

void HostWalk::next() {
  loop_.defer([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    if (!asked_) {
      asked_ = true;
      if (hop_.mx) {
        ask_mail_exchangers();
      } else {
        hosts_.push_back(hop_.host);
        ask_addresses();
      }
    } else {
      offer();
    }
  });
}

void HostWalk::ask_mail_exchangers() {
  query_ = resolver_.mail_exchangers(
      hop_.host, [this](const dns::MxAnswer& answer) { on_mail_exchangers(answer); });
}

void HostWalk::on_mail_exchangers(dns::MxAnswer answer) {
  if (answer.outcome != dns::MxAnswer::Outcome::Hosts) {
    why_ = of_mx_answer(answer, hop_.host);
    give_up();
    return;
  }
  implicit_ = answer.implicit;
  dns::remove_self(answer.hosts, own_hostname_);
  if (answer.hosts.empty()) {
    why_ = local(Outcome::Failed, {5, 4, 6},
                 fmt::format("mail for {} loops back to this relay", hop_.host));
    give_up();
    return;
  }
  for (dns::MxHost& host : answer.hosts) hosts_.push_back(std::move(host.host));
  ask_addresses();
}

void HostWalk::ask_addresses() {
  host_ = std::move(hosts_.front());
  hosts_.pop_front();
  if (const auto literal = net::IpAddress::parse(host_)) {
    addresses_.push_back(*literal);
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
      break;
    case dns::Status::Temporary:
      temporary_ =
          local(Outcome::Delayed, {4, 4, 3},
                fmt::format("looking up the address of {} failed: {}", host_, answer.detail));
      break;
    case dns::Status::NoData:
    case dns::Status::NxDomain:
      // A domain without MX and address records takes no mail. An MX record or a route that names a
      // host which does not exist is somebody's slip, and may be mended before the mail expires.
      why_ =
          implicit_
              ? local(Outcome::Failed, {5, 4, 4},
                      fmt::format("{} has no mail server: neither MX nor address records", host_))
              : local(Outcome::Delayed, {4, 4, 4},
                      fmt::format("the mail server {} has no address", host_));
      break;
  }
  offer();
}

void HostWalk::offer() {
  if (targets_ >= kMaxTargets) {
    give_up();
    return;
  }
  if (addresses_.empty()) {
    if (hosts_.empty()) {
      give_up();
    } else {
      ask_addresses();
    }
    return;
  }
  const net::IpAddress address = addresses_.front();
  addresses_.pop_front();
  ++targets_;
  listener_.found({host_, {address, hop_.port}});
}

void HostWalk::give_up() { listener_.exhausted(temporary_.value_or(why_)); }

}  // namespace signpost::relay
