#include "daemon/known_logins_keeper.h"

#include "auth/known_logins.h"
#include "base/log.h"
#include "relay/events.h"

namespace signpost::daemon {

namespace {

constexpr std::chrono::minutes kInterval{1};

void report(const std::string& file, const Result<void>& done) {
  if (done) return;
  log::emit(relay::events::KnownLoginsLost{.file = file, .detail = done.error().detail});
}

}  // namespace

void KnownLoginsKeeper::load(const std::string& data_dir) {
  file_ = data_dir + "/known-logins";
  report(file_, auth::load_known_logins(file_, logins_, clock_));
}

void KnownLoginsKeeper::save() { report(file_, auth::save_known_logins(file_, logins_, clock_)); }

void KnownLoginsKeeper::tick() {
  const SteadyTime now = clock_.steady_now();
  if (file_.empty() || now < next_save_ || !logins_.unsaved()) return;
  if (saving_.valid() && saving_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return;  // a hanging disk holds up nothing else
  }
  next_save_ = now + kInterval;
  saving_ = std::async(std::launch::async, [this] { save(); });
}

void KnownLoginsKeeper::wait() {
  if (saving_.valid()) saving_.wait();
}

void KnownLoginsKeeper::end() {
  wait();
  if (!file_.empty() && logins_.unsaved()) save();
}

}  // namespace signpost::daemon
