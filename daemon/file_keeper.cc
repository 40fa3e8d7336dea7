#include "daemon/file_keeper.h"

#include <chrono>

namespace signpost::daemon {

namespace {

constexpr std::chrono::minutes kInterval{1};

}  // namespace

void FileKeeper::report(const Result<void>& done) const {
  if (!done) memory_.lost(file_, done.error().detail);
}

void FileKeeper::load(const std::string& data_dir) {
  file_ = data_dir + "/" + memory_.name;
  report(memory_.load(file_));
}

void FileKeeper::tick() {
  const SteadyTime now = clock_.steady_now();
  if (file_.empty() || now < next_save_ || !memory_.unsaved()) return;
  if (saving_.valid() && saving_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return;  // a hanging disk holds up nothing else
  }
  next_save_ = now + kInterval;
  saving_ = std::async(std::launch::async, [this] { report(memory_.save(file_)); });
}

void FileKeeper::wait() {
  if (saving_.valid()) saving_.wait();
}

void FileKeeper::end() {
  wait();
  if (!file_.empty() && memory_.unsaved()) report(memory_.save(file_));
}

}  // namespace signpost::daemon
