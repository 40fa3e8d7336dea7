#include "commands/admin_client.h"

#include "config/config_file.h"
#include "config/text_file.h"

#include <fmt/format.h>
#include <httplib.h>

#include <optional>

namespace signpost::commands {

namespace {

// The address to connect to for one that is listened on: a wildcard is reached by loopback.
std::string host_of(const net::IpAddress& bind) {
  if (!bind.is_unspecified()) return bind.text();
  return bind.is_v6() ? "::1" : "127.0.0.1";
}

Result<std::string> token_of(const config::Config& config) {
  if (config.admin_token_file.empty()) return std::string();
  auto token = config::read_secret_file(config.admin_token_file);
  if (token) return token;
  return fail(token.error().code,
              fmt::format("{}: {}", config.admin_token_file, token.error().detail));
}

}  // namespace

struct AdminClient::Impl {
  Impl(const std::string& host, std::uint16_t port, std::string name)
      : http(host, port), address(std::move(name)) {}

  Result<Answer> answer(const httplib::Result& result) const;

  httplib::Client http;
  std::string address;
  std::string config_file;
  httplib::Headers headers;
};

AdminClient::AdminClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminClient::AdminClient(AdminClient&&) noexcept = default;
AdminClient::~AdminClient() = default;

Result<AdminClient> AdminClient::create(const std::string& config_file) {
  const config::LoadedConfig loaded = config::load_config_partly(config_file);
  for (const config::ConfigError& error : loaded.errors) {
    if (!loaded.config || error.key.starts_with("admin")) {
      return fail(Errc::InvalidArgument, error.text());
    }
  }
  const config::Config& config = *loaded.config;
  if (!config.admin_bind) {
    return fail(Errc::InvalidArgument,
                fmt::format("{}: admin.bind is \"\": there is no address to reach the relay at",
                            config_file));
  }
  const auto token = token_of(config);
  if (!token) return Failure(token.error());

  auto impl = std::make_unique<Impl>(host_of(config.admin_bind->ip), config.admin_bind->port,
                                     config.admin_bind->text());
  impl->config_file = config_file;
  impl->http.set_connection_timeout(5);
  impl->http.set_read_timeout(300);  // changing a whole queue takes time
  if (!token->empty()) impl->headers.emplace("Authorization", "Bearer " + *token);
  return AdminClient(std::move(impl));
}

Result<AdminClient::Answer> AdminClient::Impl::answer(const httplib::Result& result) const {
  if (!result) {
    if (result.error() == httplib::Error::Connection) {
      return fail(Errc::Unavailable,
                  fmt::format("no relay answers at {} (admin.bind in {}): is it running?", address,
                              config_file));
    }
    return fail(Errc::Io, fmt::format("{}: {}", address, httplib::to_string(result.error())));
  }
  if (result->status == 401 || result->status == 403) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("{}: the relay requires the token in its admin.token_file; {} {}", address,
                    config_file,
                    headers.empty() ? "has no token_file" : "names a file with another token"));
  }
  return Answer{result->status, result->body};
}

Result<AdminClient::Answer> AdminClient::get(const std::string& path,
                                             const Parameters& parameters) {
  const httplib::Params params(parameters.begin(), parameters.end());
  return impl_->answer(impl_->http.Get(path.c_str(), params, impl_->headers));
}

Result<AdminClient::Answer> AdminClient::post(const std::string& path, const std::string& json) {
  return impl_->answer(impl_->http.Post(path.c_str(), impl_->headers, json, "application/json"));
}

}  // namespace signpost::commands
