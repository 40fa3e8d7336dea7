#include "commands/admin_client.h"

#include "commands/curl.h"
#include "commands/socket_access.h"
#include "config/config_file.h"
#include "config/text_file.h"
#include "net/unix_socket.h"

#include <fmt/format.h>

#include <optional>

namespace signpost::commands {

namespace {

constexpr long kConnectSeconds = 5;
constexpr long kAnswerSeconds = 300;  // changing a whole queue takes time

// The address to connect to for a listening address: a wildcard is reached by loopback.
net::SocketAddress reached(net::SocketAddress bind) {
  if (!bind.ip.is_unspecified()) return bind;
  const auto loopback = net::IpAddress::parse(bind.ip.is_v6() ? "::1" : "127.0.0.1");
  return {*loopback, bind.port};
}

Result<std::string> token_of(const config::Config& config) {
  auto token = config::read_secret_file(config.admin_token_file);
  if (token) return token;
  return fail(token.error().code,
              fmt::format("{}: {}", config.admin_token_file, token.error().detail));
}

using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

Headers headers_of(const Curl& curl, const std::vector<std::string>& lines) {
  Headers headers(nullptr, curl.slist_free_all);
  for (const std::string& line : lines) {
    curl_slist* const first = curl.slist_append(headers.get(), line.c_str());
    if (headers == nullptr) headers.reset(first);  // else it is the same list, longer
  }
  return headers;
}

std::size_t append(char* data, std::size_t /*one*/, std::size_t size, void* body) noexcept {
  static_cast<std::string*>(body)->append(data, size);
  return size;
}

}  // namespace

struct AdminClient::Impl {
  explicit Impl(const Curl& library)
      : curl(library), handle(library.easy_init(), library.easy_cleanup) {}

  void use_socket(net::UnixAddress address, std::string path);
  void use_address(const net::SocketAddress& bind, std::string given_token);
  Result<Answer> request(const std::string& url, const std::string* json);

  const Curl& curl;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle;
  std::string config_file;
  std::string where;  // for messages
  std::string key;    // of the configuration, which names it
  std::string base;   // of URLs
  std::string token;
  std::optional<net::UnixAddress> socket;
};

AdminClient::AdminClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminClient::AdminClient(AdminClient&&) noexcept = default;
AdminClient::~AdminClient() = default;

void AdminClient::Impl::use_socket(net::UnixAddress address, std::string path) {
  socket.emplace(std::move(address));
  where = std::move(path);
  key = "admin.socket";
  base = "http://localhost";
}

void AdminClient::Impl::use_address(const net::SocketAddress& bind, std::string given_token) {
  token = std::move(given_token);
  where = bind.text();
  key = "admin.bind";
  base = "http://" + reached(bind).text();
}

Result<AdminClient> AdminClient::create(const std::string& config_file) {
  const config::LoadedConfig loaded = config::load_config_partly(config_file);
  for (const config::ConfigError& error : loaded.errors) {
    if (!loaded.config || error.key.starts_with("admin")) {
      return fail(Errc::InvalidArgument, error.text());
    }
  }
  const config::Config& config = *loaded.config;
  const auto curl = load_curl();
  if (!curl) return Failure(curl.error());
  auto impl = std::make_unique<Impl>(**curl);
  if (impl->handle == nullptr) return fail(Errc::Io, "libcurl cannot be used");
  impl->config_file = config_file;

  const auto obstacle = config.admin_socket.empty()
                            ? fmt::format("{}: admin.socket is \"\"", config_file)
                            : obstacle_at(config.admin_socket, config_file);
  if (!obstacle) {
    auto address = net::UnixAddress::of(config.admin_socket);
    if (!address) return Failure(std::move(address).error());
    impl->use_socket(std::move(*address), config.admin_socket);
    return AdminClient(std::move(impl));
  }
  // Over the address it works only with the token.
  if (!config.admin_bind || config.admin_token_file.empty()) {
    return fail(Errc::Unavailable, *obstacle);
  }
  auto token = token_of(config);
  if (!token) return fail(token.error().code, *obstacle + "; " + token.error().detail);
  impl->use_address(*config.admin_bind, std::move(*token));
  return AdminClient(std::move(impl));
}

Result<AdminClient::Answer> AdminClient::Impl::request(const std::string& url,
                                                       const std::string* json) {
  std::vector<std::string> lines;
  if (!token.empty()) lines.push_back("Authorization: Bearer " + token);
  if (json != nullptr) lines.emplace_back("Content-Type: application/json");
  const Headers headers = headers_of(curl, lines);
  Answer answer;
  curl.easy_reset(handle.get());  // keeps the connection
  if (socket) curl.easy_setopt(handle.get(), CURLOPT_UNIX_SOCKET_PATH, socket->path().c_str());
  curl.easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl.easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "http");
  curl.easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");  // whatever the environment says
  curl.easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl.easy_setopt(handle.get(), CURLOPT_TIMEOUT, kAnswerSeconds);
  curl.easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  curl.easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, append);
  curl.easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer.body);
  if (json != nullptr) {
    curl.easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(json->size()));
    curl.easy_setopt(handle.get(), CURLOPT_POSTFIELDS, json->data());
  }
  const CURLcode code = curl.easy_perform(handle.get());
  if (code == CURLE_COULDNT_CONNECT) {
    return fail(Errc::Unavailable, fmt::format("no relay answers at {} ({} in {}): is it running?",
                                               where, key, config_file));
  }
  if (code != CURLE_OK)
    return fail(Errc::Io, fmt::format("{}: {}", where, curl.easy_strerror(code)));
  long status = 0;
  curl.easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  if (answer.status == 401) {
    return fail(Errc::InvalidArgument,
                fmt::format("{}: the relay requires the token in its admin.token_file; {} names a "
                            "file with another token",
                            where, config_file));
  }
  return answer;
}

Result<AdminClient::Answer> AdminClient::get(const std::string& path,
                                             const Parameters& parameters) {
  std::string url = impl_->base + path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    const std::unique_ptr<char, void (*)(void*)> escaped(
        impl_->curl.easy_escape(impl_->handle.get(), value.data(), static_cast<int>(value.size())),
        impl_->curl.free);
    url += fmt::format("{}{}={}", std::exchange(separator, '&'), name, escaped.get());
  }
  return impl_->request(url, nullptr);
}

Result<AdminClient::Answer> AdminClient::post(const std::string& path, const std::string& json) {
  return impl_->request(impl_->base + path, &json);
}

}  // namespace signpost::commands
