#include "http/client.h"

#include "base/ascii.h"
#include "http/curl.h"
#include "http/transfer.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace signpost::http {

struct Client::Impl {
  explicit Impl(const Curl& library) : curl(library), transfer(library) {}

  const Curl& curl;
  Transfer transfer;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::create() {
  const auto curl = load_curl();
  if (!curl) return Failure(curl.error());
  auto impl = std::make_unique<Impl>(**curl);
  if (!impl->transfer.usable()) return fail(Errc::Io, "libcurl cannot be used");
  return Client(std::move(impl));
}

Result<Response> Client::send(const Request& request) {
  impl_->transfer.prepare(request);
  return impl_->transfer.take(impl_->curl.easy_perform(impl_->transfer.handle()));
}

std::string escaped(std::string_view text) {
  std::string url;
  for (const char c : text) {
    if (ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      url += c;
    } else {
      fmt::format_to(std::back_inserter(url), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return url;
}

}  // namespace signpost::http
