// Messages as they were received, in files: N.eml, and the envelope in N.json.
#pragma once

#include "base/result.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::bench {

struct ReceivedEnvelope {
  std::string peer;
  std::string local;  // the address that the peer connected to
  std::string hello;
  bool esmtp = false;
  std::string tls_version;  // empty: in clear
  std::string tls_cipher;
  std::uint64_t connection = 0;  // number of the connection, so that reuse can be seen
  std::string reverse_path;
  std::string mail_parameters;
  struct Recipient {
    std::string address;
    std::string parameters;
  };
  std::vector<Recipient> recipients;
};

// Any thread.
class MailFolder {
 public:
  static Result<void> make(const std::string& folder);
  MailFolder(std::string folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}

  // False if the limit is reached. The .json appears last and complete: once it is there, both can
  // be read.
  Result<bool> save(const ReceivedEnvelope& envelope, std::string_view content);

 private:
  const std::string folder_;
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace signpost::bench
