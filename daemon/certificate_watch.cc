#include "daemon/certificate_watch.h"

namespace signpost::daemon {

bool CertificateWatch::changed(const relay::Settings& settings, SteadyTime now) {
  const auto files = relay::CertificateFiles::of(*settings.config->tls);
  if (seen_ != files) quiet_since_ = now;
  seen_ = files;
  if (files == settings.certificate_files || files == told_) return false;
  if (now - quiet_since_ < kQuiet) return false;
  told_ = files;
  return true;
}

}  // namespace signpost::daemon
