// Speaks with the running relay: its admin HTTP API.
#pragma once

#include "base/result.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::commands {

class AdminClient {
 public:
  // Address and token are those of [admin] in the configuration; mistakes elsewhere in the file do
  // not matter here.
  static Result<AdminClient> create(const std::string& config_file);
  AdminClient(AdminClient&&) noexcept;
  ~AdminClient();

  struct Answer {
    int status = 0;
    std::string body;
  };
  using Parameters = std::vector<std::pair<std::string, std::string>>;

  // Every answer of the relay is an Answer; the error means that there was none, or that the token
  // was refused.
  Result<Answer> get(const std::string& path, const Parameters& parameters = {});
  Result<Answer> post(const std::string& path, const std::string& json);

 private:
  struct Impl;
  explicit AdminClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::commands
