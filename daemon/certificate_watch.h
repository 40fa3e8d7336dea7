// Notices that the certificate's files were replaced, as certbot does, so that nobody has to ask
// for a reload.
#pragma once

#include "base/clock.h"
#include "config/config.h"

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>

namespace signpost::daemon {

// One thread.
class CertificateWatch {
 public:
  static constexpr std::chrono::seconds kQuiet{4};

  // What is there now counts as loaded: call it before the files are read.
  void loading(const config::TlsConfig& tls) { loaded_ = state_of(tls); }

  // Whether the files differ from those that were loaded and have not changed for kQuiet: the
  // certificate and its key are not written at once. To be called about once a second; reads the
  // files' metadata alone.
  bool changed(const config::TlsConfig& tls, SteadyTime now);

 private:
  struct FileState {
    dev_t device = 0;  // all zero: it cannot be read
    ino_t file = 0;
    std::int64_t size = 0;
    std::int64_t changed = 0;  // nanoseconds; by whatever means, a change of rights included
    bool operator==(const FileState&) const = default;
  };
  using State = std::array<FileState, 2>;
  static State state_of(const config::TlsConfig& tls);

  std::optional<State> loaded_;
  std::optional<State> seen_;
  SteadyTime quiet_since_{};
};

}  // namespace signpost::daemon
