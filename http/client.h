// Requests to servers that speak HTTP, one after the other.
#pragma once

#include "base/result.h"
#include "http/request.h"

#include <memory>
#include <string>
#include <string_view>

namespace signpost::http {

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
