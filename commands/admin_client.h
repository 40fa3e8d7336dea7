// Talks to the running relay: its admin API, over the unix socket or HTTP.
#pragma once

#include "base/result.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::commands {

class AdminClient {
 public:
  // Socket, address and token come from [admin] in the configuration; mistakes elsewhere in the
  // file do not matter here. The socket is used when this account may connect to it, else the
  // address with the token; the error says why neither works.
  static Result<AdminClient> create(const std::string& config_file);
  // At this socket, whatever the configuration says.
  static Result<AdminClient> at_socket(const std::string& socket, const std::string& config_file);
  AdminClient(AdminClient&&) noexcept;
  ~AdminClient();

  struct Answer {
    int status = 0;
    std::string body;
  };
  using Parameters = std::vector<std::pair<std::string, std::string>>;

  // Any reply of the relay is an Answer; an error means that there was none, or that it refused the
  // token.
  Result<Answer> get(const std::string& path, const Parameters& parameters = {});
  Result<Answer> post(const std::string& path, const std::string& json);

 private:
  struct Impl;
  explicit AdminClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::commands
