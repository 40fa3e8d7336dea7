// Notices that the certificate's files were replaced, as certbot does, so that nobody needs to ask
// for a reload.
#pragma once

#include "base/clock.h"
#include "relay/settings.h"

#include <chrono>
#include <optional>

namespace signpost::daemon {

// One thread.
class CertificateWatch {
 public:
  static constexpr std::chrono::seconds kQuiet{4};

  // Whether the files differ from those that `settings` were loaded from and have not changed for
  // kQuiet: the certificate and its key are not written in one step. True once for each state of
  // the files. To be called about once a second; reads the files' metadata alone. REQUIRES:
  // settings.config->tls.
  bool changed(const relay::Settings& settings, SteadyTime now);

 private:
  std::optional<relay::CertificateFiles> seen_;
  std::optional<relay::CertificateFiles> told_;
  SteadyTime quiet_since_{};
};

}  // namespace signpost::daemon
