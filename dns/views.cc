#include "dns/views.h"

#include "dns/name.h"

#include <algorithm>

namespace signpost::dns {

namespace {

MxAnswer::Outcome outcome_without_records(Status status) {
  switch (status) {
    case Status::Ok:
    case Status::NoData:
      return MxAnswer::Outcome::Hosts;
    case Status::NxDomain:
      return MxAnswer::Outcome::NxDomain;
    case Status::Temporary:
      break;
  }
  return MxAnswer::Outcome::Temporary;
}

// "No" from one family only, or from both.
Status status_without_addresses(Status v6, Status v4) {
  // Nothing is final while one half is missing.
  if (v6 == Status::Temporary || v4 == Status::Temporary) return Status::Temporary;
  // Some servers deny the name itself when only its AAAA record is missing (RFC 4074 section 4.2).
  if (v6 == Status::NxDomain && v4 == Status::NxDomain) return Status::NxDomain;
  return Status::NoData;
}

}  // namespace

MxAnswer mx_answer(const std::string& domain, const Answer& answer) {
  MxAnswer view;
  if (answer.status == Status::Ok) {
    view = order_mail_exchangers(records_of<MxHosts>(answer));
  } else {
    view.outcome = outcome_without_records(answer.status);
    view.detail = answer.detail;
  }
  if (answer.status == Status::NoData) {
    view.implicit = true;  // RFC 5321 section 5.1
    view.hosts = {{0, canonical_name(domain).value_or(domain)}};
  }
  view.authenticated = answer.authenticated;
  view.ttl = answer.ttl;
  return view;
}

AddressAnswer address_answer(const Answer& v6, const Answer& v4) {
  AddressAnswer view;
  view.ttl = std::min(v6.ttl, v4.ttl);
  const Addresses& six = records_of<Addresses>(v6);
  const Addresses& four = records_of<Addresses>(v4);
  view.addresses = six;
  view.addresses.insert(view.addresses.end(), four.begin(), four.end());
  if (!view.addresses.empty()) {
    view.status = Status::Ok;
    view.authenticated = (six.empty() || v6.authenticated) && (four.empty() || v4.authenticated);
    view.canonical = (six.empty() ? v4 : v6).canonical;
    return view;
  }
  view.status = status_without_addresses(v6.status, v4.status);
  view.authenticated = v6.authenticated && v4.authenticated;
  switch (view.status) {
    case Status::Temporary:
      view.detail = (v4.status == Status::Temporary ? v4 : v6).detail;
      break;
    case Status::NxDomain:
      view.detail = v4.detail;
      break;
    case Status::Ok:
    case Status::NoData:
      view.detail = "no address";
      break;
  }
  return view;
}

TextAnswer text_answer(const Answer& answer) {
  return {answer.status, records_of<Texts>(answer), answer.detail, answer.authenticated,
          answer.ttl};
}

AliasAnswer alias_answer(const Answer& answer) {
  const Aliases& aliases = records_of<Aliases>(answer);
  return {answer.status, aliases.empty() ? "" : aliases.front().name, answer.detail,
          answer.authenticated};
}

TlsaAnswer tlsa_answer(const Answer& answer) {
  return {answer.status, records_of<Tlsas>(answer), answer.detail, answer.authenticated};
}

}  // namespace signpost::dns
