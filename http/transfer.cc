#include "http/transfer.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>
#include <utility>

namespace signpost::http {

namespace {

int look_for_end(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<const std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

// For CURLOPT_RESOLVE: the addresses of the URL's host and port, as a host that the system has
// found. "" if there are none.
std::string resolved(const Request& request) {
  if (request.addresses.empty()) return "";
  constexpr std::string_view kScheme = "https://";
  std::string_view authority = request.url;
  const bool secure = authority.starts_with(kScheme);
  authority.remove_prefix(authority.find("//") + 2);
  authority = authority.substr(0, authority.find('/'));
  // The "+" lets libcurl forget them again.
  std::string line = fmt::format("+{}", authority);
  if (!authority.contains(':')) line += secure ? ":443" : ":80";
  char before = ':';
  for (const std::string& address : request.addresses) {
    line += std::exchange(before, ',');
    line += address.contains(':') ? fmt::format("[{}]", address) : address;
  }
  return line;
}

}  // namespace

Transfer::Transfer(const Curl& curl)
    : curl_(curl),
      handle_(curl.easy_init(), curl.easy_cleanup),
      fields_(nullptr, curl.slist_free_all),
      addresses_(nullptr, curl.slist_free_all) {}

std::size_t Transfer::append(char* data, std::size_t /*one*/, std::size_t size,
                             void* into) noexcept {
  auto& arriving = *static_cast<Arriving*>(into);
  arriving.too_large = size > arriving.largest - arriving.body.size();
  if (arriving.too_large) return 0;  // ends the transfer
  arriving.body.append(data, size);
  return size;
}

Transfer::List Transfer::list_of(const std::vector<std::string>& lines) const {
  List list(nullptr, curl_.slist_free_all);
  for (const std::string& line : lines) {
    curl_slist* const first = curl_.slist_append(list.get(), line.c_str());
    if (list == nullptr) list.reset(first);  // else it is the same list, longer
  }
  return list;
}

void Transfer::prepare(const Request& request) {
  curl_.easy_reset(handle_.get());  // keeps the connection
  fields_ = list_of(request.fields);
  arriving_ = {.body = {}, .largest = request.largest};
  words_.front() = '\0';
  if (!request.socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.socket.c_str());
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  if (!request.use_proxy) set(CURLOPT_NOPROXY, "*");  // whatever the environment says
  if (const std::string line = resolved(request); !line.empty()) {
    addresses_ = list_of({line});
    set(CURLOPT_RESOLVE, addresses_.get());
  }
  if (const char* const trusted = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, trusted);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_time.count()));
  set(CURLOPT_TIMEOUT, static_cast<long>(request.time.count()));
  set(CURLOPT_HTTPHEADER, fields_.get());
  set(CURLOPT_WRITEFUNCTION, append);
  set(CURLOPT_WRITEDATA, &arriving_);
  set(CURLOPT_ERRORBUFFER, words_.data());
  if (request.cancelled != nullptr) {
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, look_for_end);
    set(CURLOPT_XFERINFODATA, request.cancelled);
  }
  if (request.body) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
    set(CURLOPT_POSTFIELDS, request.body->data());
  }
}

Result<Response> Transfer::take(CURLcode code) {
  if (arriving_.too_large) {
    return fail(Errc::Protocol,
                fmt::format("the response has more than {} octets", arriving_.largest));
  }
  if (code != CURLE_OK) {
    const std::string detail = words_.front() == '\0' ? curl_.easy_strerror(code) : words_.data();
    return fail(code == CURLE_COULDNT_CONNECT ? Errc::Unavailable : Errc::Io, detail);
  }
  long status = 0;
  const char* type = nullptr;
  curl_.easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_.easy_getinfo(handle_.get(), CURLINFO_CONTENT_TYPE, &type);
  return Response{.status = static_cast<int>(status),
                  .content_type = type == nullptr ? "" : type,
                  .body = std::move(arriving_.body)};
}

}  // namespace signpost::http
