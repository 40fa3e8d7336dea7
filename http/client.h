// Requests to servers that speak HTTP.
#pragma once

#include "base/result.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::http {

struct Request {
  std::string url;                    // "http://…" or "https://…"
  std::string socket{};               // the path of a unix socket to connect to instead; "": none
  std::vector<std::string> fields{};  // of the head: "Name: value"
  std::optional<std::string> body{};  // with one it is a POST, else a GET
  bool use_proxy = true;              // that the environment names, as https_proxy
  std::chrono::seconds connect_time{5};
  std::chrono::seconds time{10};                 // for all of it
  std::size_t largest = 64 << 20;                // octets of the response's body; beyond it fails
  const std::atomic<bool>* cancelled = nullptr;  // true: it fails within about a second
};

struct Response {
  int status = 0;
  std::string body;
};

// One thread at a time. Blocks while it waits. Keeps its connection for the next request.
class Client {
 public:
  // The first one loads libcurl; the error names what is missing.
  static Result<Client> create();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Whatever a server responds, redirections included, is a Response. An error says why there is
  // none; Errc::Unavailable: nobody listens there. A server of https:// is trusted by the system's
  // trust store, or by the file that SSL_CERT_FILE in the environment names.
  Result<Response> send(const Request& request);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// For a value in a URL (RFC 3986 section 2.1).
std::string escaped(std::string_view text);

}  // namespace signpost::http
