#include "http/client.h"

#include "base/ascii.h"
#include "http/curl.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace signpost::http {

namespace {

using Fields = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

Fields fields_of(const Curl& curl, const std::vector<std::string>& lines) {
  Fields fields(nullptr, curl.slist_free_all);
  for (const std::string& line : lines) {
    curl_slist* const first = curl.slist_append(fields.get(), line.c_str());
    if (fields == nullptr) fields.reset(first);  // else it is the same list, longer
  }
  return fields;
}

struct Arriving {
  std::string body;
  std::size_t largest = 0;
  bool too_large = false;
};

std::size_t append(char* data, std::size_t /*one*/, std::size_t size, void* into) noexcept {
  auto& arriving = *static_cast<Arriving*>(into);
  arriving.too_large = size > arriving.largest - arriving.body.size();
  if (arriving.too_large) return 0;  // ends the transfer
  arriving.body.append(data, size);
  return size;
}

int look_for_end(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<const std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

}  // namespace

struct Client::Impl {
  explicit Impl(const Curl& library)
      : curl(library), handle(library.easy_init(), library.easy_cleanup) {}

  template <typename Value>
  void set(CURLoption option, Value value) {
    curl.easy_setopt(handle.get(), option, value);
  }
  void prepare(const Request& request);

  const Curl& curl;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::create() {
  const auto curl = load_curl();
  if (!curl) return Failure(curl.error());
  auto impl = std::make_unique<Impl>(**curl);
  if (impl->handle == nullptr) return fail(Errc::Io, "libcurl cannot be used");
  return Client(std::move(impl));
}

void Client::Impl::prepare(const Request& request) {
  curl.easy_reset(handle.get());  // keeps the connection
  if (!request.socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.socket.c_str());
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  if (!request.use_proxy) set(CURLOPT_NOPROXY, "*");  // whatever the environment says
  if (const char* const trusted = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, trusted);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_time.count()));
  set(CURLOPT_TIMEOUT, static_cast<long>(request.time.count()));
  set(CURLOPT_WRITEFUNCTION, append);
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

Result<Response> Client::send(const Request& request) {
  const Fields fields = fields_of(impl_->curl, request.fields);
  Arriving arriving{.body = {}, .largest = request.largest};
  std::array<char, CURL_ERROR_SIZE> words{};  // more than the code says
  impl_->prepare(request);
  impl_->set(CURLOPT_HTTPHEADER, fields.get());
  impl_->set(CURLOPT_WRITEDATA, &arriving);
  impl_->set(CURLOPT_ERRORBUFFER, words.data());
  const CURLcode code = impl_->curl.easy_perform(impl_->handle.get());
  impl_->set(CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
  if (arriving.too_large) {
    return fail(Errc::Protocol,
                fmt::format("the response has more than {} octets", request.largest));
  }
  if (code != CURLE_OK) {
    const std::string detail =
        words.front() == '\0' ? impl_->curl.easy_strerror(code) : words.data();
    return fail(code == CURLE_COULDNT_CONNECT ? Errc::Unavailable : Errc::Io, detail);
  }
  long status = 0;
  impl_->curl.easy_getinfo(impl_->handle.get(), CURLINFO_RESPONSE_CODE, &status);
  return Response{.status = static_cast<int>(status), .body = std::move(arriving.body)};
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
