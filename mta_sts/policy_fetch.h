// How the text of a policy is fetched (RFC 8461 section 3.3).
#pragma once

#include "mta_sts/finding.h"
#include "net/address.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace signpost::mta_sts {

struct FetchFault {
  Fault fault = Fault::FetchFailed;
  std::string detail;  // in words
};

using PolicyText = std::expected<std::string, FetchFault>;

// Fetches the policy of `domain` from one of `addresses`, which are those of mta-sts.DOMAIN. Never
// blocks; `done` is called once on a thread of its own, never from within the call, or not at all
// when the function object is destroyed before: that waits for a `done` that is running. Any
// thread.
using PolicyFetch =
    std::function<void(const std::string& domain, const std::vector<net::IpAddress>& addresses,
                       std::move_only_function<void(PolicyText)> done)>;

std::string policy_host(const std::string& domain);  // "mta-sts.DOMAIN"

struct HttpsOptions {
  std::uint16_t port = 443;       // another one for tests
  std::chrono::seconds time{60};  // for all of it: a minute is what section 3.3 suggests
};

// Over HTTPS, without following redirections, on a thread for all fetches at once. With a proxy
// that the environment names as https_proxy, the proxy finds the host.
PolicyFetch over_https(const HttpsOptions& options = {});

}  // namespace signpost::mta_sts
