#include "delivery/dane_lookup.h"

#include <utility>
#include <vector>

namespace signpost::delivery {

bool DaneLookup::is_needed(const dns::Resolver& resolver, const dns::AddressAnswer& addresses) {
  return resolver.trusts_validation() && addresses.status == dns::Status::Ok &&
         (addresses.authenticated || may_be_proven_alias(addresses));
}

DaneLookup::DaneLookup(dns::Resolver& resolver, std::string host, std::uint16_t port,
                       const dns::AddressAnswer& addresses, Done done)
    : resolver_(resolver), host_(std::move(host)), port_(port), done_(std::move(done)) {
  if (may_be_proven_alias(addresses)) {
    query_ = resolver_.alias(host_, [this](const dns::AliasAnswer& answer) { on_alias(answer); });
    return;
  }
  const std::vector<std::string> names = tlsa_base_domains(host_, addresses);
  base_domains_.assign(names.begin(), names.end());
  ask_next();
}

void DaneLookup::ask_next() {
  query_ = resolver_.tlsa_records(tlsa_name(port_, base_domains_.front()),
                                  [this](const dns::TlsaAnswer& answer) { on_records(answer); });
}

// RFC 7672 section 2.2.2: records count at the alias, never at its end, which nothing proves.
void DaneLookup::on_alias(const dns::AliasAnswer& answer) {
  if (answer.status == dns::Status::Temporary) {
    finish({.demand = Dane::Demand::Unknown, .base_domain = host_, .detail = answer.detail});
  } else if (answer.status == dns::Status::Ok && answer.authenticated) {
    base_domains_.push_back(host_);
    ask_next();
  } else {
    finish({});
  }
}

void DaneLookup::on_records(const dns::TlsaAnswer& answer) {
  Dane dane = dane_at(base_domains_.front(), answer);
  base_domains_.pop_front();
  if (dane.demand == Dane::Demand::None && !base_domains_.empty()) {
    ask_next();
  } else {
    finish(std::move(dane));
  }
}

void DaneLookup::finish(Dane dane) {
  const Done done = std::move(done_);  // it may destroy this
  done(std::move(dane));
}

}  // namespace signpost::delivery
