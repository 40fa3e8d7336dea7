// Where a lane's mail goes, decided from the lane's name, the configuration in force and DNS.
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "delivery/disposition.h"
#include "delivery/route_hop.h"
#include "delivery/source.h"
#include "dns/mx.h"
#include "mta_sts/finding.h"
#include "providers/providers.h"
#include "queue/lane.h"
#include "relay/rate_limit.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {

// A set of MX hosts, or the next hops of a route, with the limits of mail to it. Lanes of any
// number of domains share it.
struct NextHop {
  struct Host {
    std::string name;       // or an IP address
    unsigned rank = 0;      // the lowest is tried first; hosts of one rank in any order
    bool in_policy = true;  // NextHop::enforces_policy: the policy names it
    friend bool operator==(const Host&, const Host&) = default;
  };

  // Connections, back-off and limits are shared by hops with the same key:
  // "mx:a.example,b.example", "smtp:host:25", "smtps:a.example:465,lmtp:unix:/path*0". Mail that a
  // [[destination]] table singles out has a key of its own, and so has that of other sources.
  std::string key;
  std::vector<Host> hosts;      // in the order of rank; A-labels in lower case
  std::vector<RouteHop> via{};  // of a route, one for each of `hosts`, which are in no order then
  bool mx = true;               // found by MX, not by a route or an address literal
  bool routed = false;          // by a [[route]], which may lead anywhere but back to us
  bool implicit = false;        // no MX records: the host is the domain itself
  // The recipient domain has an MTA-STS policy in mode enforce (RFC 8461 section 5).
  bool enforces_policy = false;
  std::uint16_t port = 25;
  config::TlsPolicy tls = config::TlsPolicy::Opportunistic;
  bool dane = true;  // TLSA records of its hosts raise that
  // Whose limits these are: "google", "mx:*.mail.example", or the set of its hosts in the order of
  // the alphabet, "mx:a.example,b.example"; all hops of the group share them. "": this hop's own.
  std::string group;
  std::size_t connections = 10;
  std::size_t connections_per_address = 20;  // of all sites together
  std::size_t messages_per_connection = 100;
  std::size_t recipients_per_transaction = 100;
  std::optional<relay::Rate> rate;  // of transactions: see transactions_of()
  // That its mail goes from, at least one; the limits above hold for each.
  std::vector<Source> sources = std::vector<Source>(1);
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

// A key (NextHop::key) without the sources that it names.
std::string_view without_sources(std::string_view key);
// The receiver, whatever its mail is sent from and however: the hop's group or key without what
// tells its connections apart.
std::string_view receiver_of(const NextHop& hop);
// The first pattern of the [[destination]] table that singles the hop's mail out by its domains; ""
// if none does.
std::string_view table_of(const NextHop& hop);

// What the configuration says about a lane.
struct RoutePlan {
  NextHop hop;                           // complete if `domain` is empty
  std::string domain;                    // whose mail exchangers are to be looked up; "": none
  std::optional<config::TlsPolicy> tls;  // of its route
  std::string pool;                      // that it is sent from; "": delivery.source
};

// InvalidArgument when the domain cannot be a domain, or is an address literal and those are not
// served (5.1.2).
Result<RoutePlan> plan_route(const config::Config& config, const queue::Lane& lane);

// The hop with the exchangers of `plan.domain`, or why its mail cannot go: see of_mx_answer().
// Exchangers of the same or a larger preference value than the relay's own name are left out.
// Limits are those of the first [[destination]] table that names the domain or the first
// exchanger, and of the exchanger's provider where that says nothing. Hops that are limited by
// their exchanger are a group; a table that limits a domain by its name takes it out of the group.
// `finding`: of the domain's MTA-STS policy. Mail that it binds has connections of its own, and
// shares the limits of other mail for these hosts.
std::expected<NextHop, Disposition> at_exchangers(const config::Config& config,
                                                  const providers::Providers& providers,
                                                  RoutePlan plan, dns::MxAnswer answer,
                                                  const mta_sts::Finding& finding = {});

// Whether some mail that follows MX records heeds the policies of recipient domains.
bool heeds_policies(const config::Config& config);

}  // namespace signpost::delivery
