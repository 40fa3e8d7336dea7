#include "daemon/certificate_watch.h"

#include <sys/stat.h>

namespace signpost::daemon {

CertificateWatch::State CertificateWatch::state_of(const config::TlsConfig& tls) {
  const auto look = [](const std::string& path) -> FileState {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return {};  // follows links, as certbot's are
    return {.device = facts.st_dev,
            .file = facts.st_ino,
            .size = facts.st_size,
            .changed = facts.st_ctim.tv_sec * 1'000'000'000 + facts.st_ctim.tv_nsec};
  };
  return {look(tls.certificate), look(tls.key)};
}

bool CertificateWatch::changed(const config::TlsConfig& tls, SteadyTime now) {
  const State state = state_of(tls);
  if (seen_ != state) quiet_since_ = now;
  seen_ = state;
  return loaded_ != state && now - quiet_since_ >= kQuiet;
}

}  // namespace signpost::daemon
