#include "net/endpoint.h"

#include "base/check.h"

#include <sys/un.h>

#include <algorithm>
#include <cstring>

namespace signpost::net {

namespace {

constexpr std::string_view kUnix = "unix:";
static_assert(Endpoint::kMaxPath + 1 == sizeof(sockaddr_un::sun_path));
static_assert(sizeof(sockaddr_un) <= sizeof(sockaddr_storage));

bool is_path(std::string_view text) {
  return text.starts_with('/') && text.size() <= Endpoint::kMaxPath &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view text,
                                        std::optional<std::uint16_t> default_port) {
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (!is_path(path)) return std::nullopt;
    return Endpoint(std::string(path));
  }
  const auto address = SocketAddress::parse(text, default_port);
  if (!address) return std::nullopt;
  return Endpoint(*address);
}

std::string Endpoint::text() const {
  return is_unix() ? std::string(kUnix) + path() : address().text();
}

const SocketAddress& Endpoint::address() const {
  const auto* const address = std::get_if<SocketAddress>(&where_);
  CHECK(address != nullptr);
  return *address;
}

const std::string& Endpoint::path() const {
  const auto* const path = std::get_if<std::string>(&where_);
  CHECK(path != nullptr);
  return *path;
}

socklen_t Endpoint::to_native(sockaddr_storage& native) const {
  if (!is_unix()) return address().to_native(native);
  native = {};
  sockaddr_un unix_address{};
  unix_address.sun_family = AF_UNIX;
  std::memcpy(unix_address.sun_path, path().data(), path().size());
  std::memcpy(&native, &unix_address, sizeof unix_address);
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path().size() + 1);
}

}  // namespace signpost::net
