#include "daemon/issuer_keys.h"

#include "http/client.h"
#include "jwt/key_set.h"

#include <fmt/format.h>

#include <utility>

namespace signpost::daemon {

// Each time with a connection of its own: the next one is a quarter of an hour away.
Result<std::string> fetch_keys(const std::string& url, const std::atomic<bool>& cancelled) {
  auto client = http::Client::create();
  if (!client) return Failure(std::move(client).error());
  auto response = client->send({.url = url,
                                .fields = {"Accept: application/jwk-set+json, application/json"},
                                .largest = jwt::KeySet::kLargest,
                                .cancelled = &cancelled});
  if (!response) return Failure(std::move(response).error());
  if (response->status != 200) {
    return fail(Errc::Unavailable, fmt::format("the server responds with {}", response->status));
  }
  return std::move(response->body);
}

}  // namespace signpost::daemon
