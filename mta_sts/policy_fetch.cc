#include "mta_sts/policy_fetch.h"

#include "base/ascii.h"
#include "http/fetcher.h"
#include "mta_sts/policy.h"

#include <fmt/format.h>

#include <memory>
#include <string_view>
#include <utility>

namespace signpost::mta_sts {

namespace {

constexpr std::chrono::seconds kConnectTime{20};

std::unexpected<FetchFault> failed(Fault fault, std::string detail) {
  return std::unexpected(FetchFault{.fault = fault, .detail = std::move(detail)});
}

bool is_plain_text(std::string_view content_type) {
  return ascii::equals_ignore_case(ascii::trim(content_type.substr(0, content_type.find(';'))),
                                   "text/plain");
}

PolicyText policy_text(const std::string& host, http::Fetcher::Outcome outcome) {
  if (!outcome) {
    const Error& error = outcome.error().error;
    const bool too_large = error.code == Errc::Protocol;
    return failed(outcome.error().certificate ? Fault::WebPki
                  : too_large                 ? Fault::Invalid
                                              : Fault::FetchFailed,
                  fmt::format("{}: {}", host, ascii::printable(error.detail)));
  }
  if (outcome->status != 200) {
    return failed(Fault::FetchFailed, fmt::format("{} responds with {}", host, outcome->status));
  }
  if (!is_plain_text(outcome->content_type)) {
    return failed(Fault::Invalid, fmt::format("{} serves the policy as \"{}\", not text/plain",
                                              host, ascii::printable(outcome->content_type, 64)));
  }
  return std::move(outcome->body);
}

}  // namespace

std::string policy_host(const std::string& domain) { return "mta-sts." + domain; }

PolicyFetch over_https(const HttpsOptions& options) {
  return [fetcher = std::make_shared<http::Fetcher>(), options](
             const std::string& domain, const std::vector<net::IpAddress>& addresses,
             std::move_only_function<void(PolicyText)> done) {
    const std::string host = policy_host(domain);
    const std::string port = options.port == 443 ? "" : fmt::format(":{}", options.port);
    http::Request request{.url = fmt::format("https://{}{}/.well-known/mta-sts.txt", host, port),
                          .fields = {"Accept: text/plain", "User-Agent: Signpost"},
                          .connect_time = kConnectTime,
                          .time = options.time,
                          .largest = kMaxPolicyText};
    for (const net::IpAddress& address : addresses) request.addresses.push_back(address.text());
    fetcher->fetch(std::move(request),
                   [host, done = std::move(done)](http::Fetcher::Outcome outcome) mutable {
                     done(policy_text(host, std::move(outcome)));
                   });
  };
}

}  // namespace signpost::mta_sts
