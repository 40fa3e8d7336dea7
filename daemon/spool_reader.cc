#include "daemon/spool_reader.h"

#include "relay/events.h"
#include "sendmail/hand_in.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace signpost::daemon {

namespace {

constexpr std::chrono::seconds kInterval{2};
constexpr std::chrono::seconds kLongestRest{60};  // of an account whose mail is refused for now
constexpr std::size_t kMostAtOnce = 1000;         // letters, before the folder is listed again
constexpr std::size_t kMostBusy = 10;             // accounts: then it is the relay that is busy
constexpr std::size_t kMostReported = 10'000;     // unusable files that are remembered
constexpr std::size_t kMostOfHead = 30 << 20;     // octets of a file before the content

}  // namespace

SpoolReader::SpoolReader(Connect connect)
    : connect_(std::move(connect)), thread_([this] { run(); }) {}

SpoolReader::~SpoolReader() {
  stop();
  thread_.join();
}

void SpoolReader::configure(const config::Config& config) {
  std::vector<Place> places;
  for (const config::ListenerConfig& listener : config.listeners) {
    const bool is_known = std::ranges::find(places, listener.spool, &Place::folder) != places.end();
    if (listener.socket.empty() || is_known) continue;
    places.push_back({listener.spool, listener.name, config.limits.message_size + kMostOfHead});
  }
  const MutexLock lock(mutex_);
  places_ = std::move(places);
  changed_.notify_all();
}

void SpoolReader::stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool SpoolReader::is_stopped() {
  const MutexLock lock(mutex_);
  return stopped_;
}

// Looking too early does no harm.
void SpoolReader::wait() {
  const MutexLock lock(mutex_);
  if (!stopped_) changed_.wait_until(mutex_, real_clock().steady_now() + kInterval);
}

std::vector<SpoolReader::Place> SpoolReader::places() {
  const MutexLock lock(mutex_);
  return places_;
}

void SpoolReader::run() {
  while (!is_stopped()) {
    for (const Place& place : places()) read(place);
    wait();
  }
}

// A folder that does not exist has no letters.
void SpoolReader::read(const Place& place) {
  const auto spool = sendmail::Spool::open(place.folder);
  if (!spool) return;
  std::set<uid_t> busy;  // one account's limits hold up no other
  for (const std::string& name : spool->names(kMostAtOnce)) {
    if (is_stopped() || busy.size() == kMostBusy) return;
    const auto owner = spool->owner_of(name);
    if (!owner || busy.contains(*owner) || rests(*owner)) continue;
    if (bring_in(*spool, place, name)) {
      resting_.erase(*owner);
    } else {
      busy.insert(*owner);
      let_rest(*owner);
    }
  }
}

// Its limits may be used up for the rest of the day.
bool SpoolReader::rests(uid_t account) const {
  const auto found = resting_.find(account);
  return found != resting_.end() && real_clock().steady_now() < found->second.until;
}

void SpoolReader::let_rest(uid_t account) {
  Rest& rest = resting_[account];
  rest.until = real_clock().steady_now() + rest.time;
  rest.time = std::min(2 * rest.time, kLongestRest);
}

void SpoolReader::report_unusable(const Place& place, const std::string& name,
                                  const std::string& detail) {
  if (reported_.size() >= kMostReported) reported_.clear();
  if (!reported_.insert(place.folder + "/" + name).second) return;
  log::emit(relay::events::LetterUnusable{.file = name, .detail = detail});
}

void SpoolReader::set_aside(const sendmail::Spool& spool, const Place& place,
                            const std::string& name) {
  if (auto done = spool.set_aside(name); !done) report_unusable(place, name, done.error().detail);
}

// A file that cannot be removed must not be sent again and again.
void SpoolReader::remove(const sendmail::Spool& spool, const Place& place,
                         const std::string& name) {
  const std::string file = place.folder + "/" + name;
  if (auto removed = spool.remove(name); removed) {
    left_.erase(file);
  } else {
    left_[file].clear();
    report_unusable(place, name, removed.error().detail);
  }
}

bool SpoolReader::bring_in(const sendmail::Spool& spool, const Place& place,
                           const std::string& name) {
  const auto left = left_.find(place.folder + "/" + name);
  if (left != left_.end() && left->second.empty()) {
    remove(spool, place, name);
    return true;
  }
  auto read = spool.read(name, place.most_octets);
  if (!read) {
    report_unusable(place, name, read.error().detail);
    if (read.error().code == Errc::InvalidArgument) set_aside(spool, place, name);
    return true;
  }
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) != 0) {
    return false;
  }
  const Descriptor ours(sockets[0]);
  if (left != left_.end()) read->letter.recipients = left->second;
  connect_(place.listener, Descriptor(sockets[1]), read->owner);
  const sendmail::Outcome outcome = sendmail::hand_in(ours.get(), read->letter);
  if (outcome.taken.empty() && outcome.refused.empty()) return false;
  if (!outcome.later.empty()) {
    // The others must not get it twice.
    sendmail::Letter rest = read->letter;
    rest.recipients = outcome.later;
    if (!spool.keep(rest, read->owner)) {
      left_[place.folder + "/" + name] = std::move(rest.recipients);
      return false;
    }
  }
  if (!outcome.refused.empty()) {
    const std::string user = "uid:" + std::to_string(read->owner);
    const auto& first = outcome.refused.front();
    log::emit(relay::events::LetterRefused{
        .file = name, .user = user, .to = first.recipient, .reply = first.reply});
  }
  if (outcome.taken.empty() && outcome.later.empty()) {
    set_aside(spool, place, name);
  } else {
    remove(spool, place, name);
  }
  return true;
}

}  // namespace signpost::daemon
