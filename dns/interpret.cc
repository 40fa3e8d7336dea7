#include "dns/interpret.h"

#include "dns/name.h"
#include "dns/response.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::dns {

namespace {

constexpr int kRcodeOk = 0;
constexpr int kRcodeNxDomain = 3;

template <typename Set>
void truncate(Set& records, std::size_t limit) {
  if (records.size() > limit) records.resize(limit);
}

std::string_view words_of(ResponseError error) {
  switch (error) {
    case ResponseError::CnameLoop:
      return "the CNAME records lead in a circle, or are too many";
    case ResponseError::Truncated:
      return "an answer that ends too early";
    case ResponseError::BadName:
      return "an answer with a malformed name";
    case ResponseError::BadRecord:
      return "an answer with a malformed record";
  }
  return "a malformed answer";
}

struct Truncate {
  void operator()(std::monostate) const {}
  void operator()(MxHosts& hosts) const {
    if (hosts.size() <= kMaxMxRecords) return;
    std::ranges::stable_sort(hosts, {}, &MxHost::preference);
    truncate(hosts, kMaxMxRecords);
  }
  void operator()(Addresses& addresses) const { truncate(addresses, kMaxAddresses); }
  void operator()(Texts& texts) const { truncate(texts, kMaxTexts); }
  void operator()(Aliases& aliases) const { truncate(aliases, 1); }
  void operator()(Tlsas& tlsas) const { truncate(tlsas, kMaxTlsas); }
};

}  // namespace

Answer temporary_failure(std::string detail, std::chrono::seconds ttl) {
  return {.status = Status::Temporary, .ttl = ttl, .detail = std::move(detail)};
}

Answer interpret(std::span<const unsigned char> message, RecordType type,
                 const ResolverOptions& options, bool believe_ad) {
  auto response = parse_response(message, type);
  const auto failure = [&](std::string detail) {
    return temporary_failure(std::move(detail), options.temporary_ttl);
  };
  if (!response) return failure(std::string(words_of(response.error())));
  if (response->truncated) return failure("truncated answer");
  if (response->rcode != kRcodeOk && response->rcode != kRcodeNxDomain) {
    return failure("answer with rcode " + std::to_string(response->rcode));
  }
  Answer answer;
  answer.authenticated = believe_ad && response->authenticated;
  answer.canonical = std::move(response->canonical);
  const bool exists = response->rcode == kRcodeOk;
  if (exists && !std::holds_alternative<std::monostate>(response->records)) {
    answer.status = Status::Ok;
    answer.ttl = std::min(std::chrono::seconds(response->ttl), options.max_ttl);
    answer.records = std::move(response->records);
    std::visit(Truncate(), answer.records);
    return answer;
  }
  answer.status = exists ? Status::NoData : Status::NxDomain;
  answer.detail = exists ? "no such record" : "NXDOMAIN";
  // Without an SOA the response does not say how long "no" holds (RFC 2308 section 5).
  const auto ttl = response->negative_ttl == 0 ? options.temporary_ttl
                                               : std::chrono::seconds(response->negative_ttl);
  answer.ttl = std::min(ttl, options.max_negative_ttl);
  return answer;
}

bool believes_ad(TrustAd policy, const std::vector<net::SocketAddress>& servers) {
  switch (policy) {
    case TrustAd::Always:
      return true;
    case TrustAd::Never:
      return false;
    case TrustAd::Auto:
      break;
  }
  return !servers.empty() && std::ranges::all_of(servers, [](const net::SocketAddress& server) {
    return server.ip.is_loopback();
  });
}

std::optional<Answer> known_answer(const Question& question, const ResolverOptions& options) {
  const bool for_addresses = question.type == RecordType::A || question.type == RecordType::Aaaa;
  const auto name = canonical_name(question.name);
  Addresses addresses;
  if (const auto literal = net::IpAddress::parse(question.name); literal && for_addresses) {
    addresses = {*literal};
  } else if (!name) {
    return Answer{
        .status = Status::NxDomain, .ttl = options.max_negative_ttl, .detail = "not a valid name"};
  } else if (for_addresses && is_localhost(*name)) {
    addresses = {net::IpAddress::from_v4({127, 0, 0, 1}), *net::IpAddress::parse("::1")};
  } else {
    return {};
  }
  std::erase_if(addresses, [&](const net::IpAddress& address) {
    return address.is_v6() != (question.type == RecordType::Aaaa);
  });
  if (addresses.empty()) {
    return Answer{.status = Status::NoData, .ttl = options.max_ttl, .detail = "no address"};
  }
  return Answer{.status = Status::Ok, .ttl = options.max_ttl, .records = std::move(addresses)};
}

}  // namespace signpost::dns
