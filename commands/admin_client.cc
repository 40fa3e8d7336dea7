#include "commands/admin_client.h"

#include "commands/socket_access.h"
#include "config/config_file.h"
#include "config/text_file.h"
#include "http/client.h"
#include "net/unix_socket.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace signpost::commands {

namespace {

constexpr std::chrono::seconds kConnectTime{5};
constexpr std::chrono::seconds kAnswerTime{300};  // changing a whole queue takes time

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

}  // namespace

struct AdminClient::Impl {
  explicit Impl(http::Client opened) : client(std::move(opened)) {}

  void use_socket(net::UnixAddress address, std::string path);
  void use_address(const net::SocketAddress& bind, std::string given_token);
  Result<Answer> request(const std::string& url, const std::string* json);

  http::Client client;
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
  auto client = http::Client::create();
  if (!client) return Failure(std::move(client).error());
  auto impl = std::make_unique<Impl>(std::move(*client));
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

Result<AdminClient> AdminClient::at_socket(const std::string& socket,
                                           const std::string& config_file) {
  if (const auto obstacle = obstacle_at(socket, config_file)) {
    return fail(Errc::Unavailable, *obstacle);
  }
  auto address = net::UnixAddress::of(socket);
  if (!address) return Failure(std::move(address).error());
  auto client = http::Client::create();
  if (!client) return Failure(std::move(client).error());
  auto impl = std::make_unique<Impl>(std::move(*client));
  impl->config_file = config_file;
  impl->use_socket(std::move(*address), socket);
  return AdminClient(std::move(impl));
}

Result<AdminClient::Answer> AdminClient::Impl::request(const std::string& url,
                                                       const std::string* json) {
  http::Request asked{.url = url,
                      .socket = socket ? socket->path() : "",
                      .use_proxy = false,
                      .connect_time = kConnectTime,
                      .time = kAnswerTime};
  if (!token.empty()) asked.fields.push_back("Authorization: Bearer " + token);
  if (json != nullptr) {
    asked.fields.emplace_back("Content-Type: application/json");
    asked.body = *json;
  }
  auto response = client.send(asked);
  if (!response && response.error().code == Errc::Unavailable) {
    return fail(Errc::Unavailable, fmt::format("no relay answers at {} ({} in {}): is it running?",
                                               where, key, config_file));
  }
  if (!response) return fail(Errc::Io, fmt::format("{}: {}", where, response.error().detail));
  Answer answer{.status = response->status, .body = std::move(response->body)};
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
    url += fmt::format("{}{}={}", std::exchange(separator, '&'), name, http::escaped(value));
  }
  return impl_->request(url, nullptr);
}

Result<AdminClient::Answer> AdminClient::post(const std::string& path, const std::string& json) {
  return impl_->request(impl_->base + path, &json);
}

}  // namespace signpost::commands
