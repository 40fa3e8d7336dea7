// What the DNS answers to a question.
#pragma once

#include "net/address.h"
#include "net/tlsa.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace signpost::dns {

enum class Status {
  Ok,
  NoData,     // the name exists, records of this type do not
  NxDomain,   // the name does not exist: final
  Temporary,  // SERVFAIL, REFUSED, time-out, malformed response: try again later
};

struct MxHost {
  std::uint16_t preference = 0;
  std::string host;  // lower case, no trailing dot; "" is the root (null MX)
  friend bool operator==(const MxHost&, const MxHost&) = default;
};

struct Alias {
  std::string name;  // lower case, no trailing dot
  friend bool operator==(const Alias&, const Alias&) = default;
};

// The records of one type. Texts: the strings of each TXT record, joined.
using MxHosts = std::vector<MxHost>;
using Addresses = std::vector<net::IpAddress>;
using Texts = std::vector<std::string>;
using Aliases = std::vector<Alias>;  // one: a name has no more
using Tlsas = std::vector<net::TlsaRecord>;
using Records = std::variant<std::monostate, MxHosts, Addresses, Texts, Aliases, Tlsas>;

// How many records of one answer are kept: the zone's owner decides how many it has.
inline constexpr std::size_t kMaxMxRecords = 64;  // the most preferred
inline constexpr std::size_t kMaxAddresses = 32;
inline constexpr std::size_t kMaxTexts = 10;
inline constexpr std::size_t kMaxTlsas = 32;

struct Answer {
  Status status = Status::Temporary;
  // The name server validated the answer with DNSSEC, and its word is trusted
  // (ResolverOptions::trust_ad). Applies to NoData and NxDomain too; false for Temporary.
  bool authenticated = false;
  // How long the answer may be reused: the smallest TTL of the records and of the CNAMEs that lead
  // to them, less the time that the answer has been in the cache. 0: ask again.
  std::chrono::seconds ttl{0};
  Records records{};     // Ok: those of the question's type; else std::monostate
  std::string detail{};  // why it is not Ok, for the log
  // The name at the end of the CNAMEs that lead to the records; "" if there are none.
  std::string canonical{};
};

// The records of an answer whose question asks for this kind; none unless it is Ok.
template <typename Set>
const Set& records_of(const Answer& answer) {
  static const Set none;
  const Set* records = std::get_if<Set>(&answer.records);
  return records == nullptr ? none : *records;
}

}  // namespace signpost::dns
