#include "daemon/spool_reader.h"

#include "relay/events.h"
#include "sendmail/report.h"
#include "smtp/address.h"
#include "submission/acceptance.h"
#include "submission/session_options.h"

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

// Whether the account may send as the letter's sender at that listener.
bool may_send(const relay::Settings& settings, const std::string& listener,
              const sendmail::SpooledLetter& read) {
  const auto* const config = submission::find_listener(settings, listener);
  const auto sender = smtp::parse_mailbox(read.letter.sender, true);
  if (config == nullptr || !sender) return false;
  const net::IpAddress account = net::IpAddress::of_account(read.owner);
  const std::string login = account.text();
  const submission::Principal principal{
      .login = login,
      .user = settings.users ? settings.users->find(login) : nullptr,
      .trusted = submission::is_trusted(*config, account),
      .client = account};
  return !submission::refuse_sender(settings, principal, *sender);
}

}  // namespace

SpoolReader::SpoolReader(Connect connect)
    : connect_(std::move(connect)), thread_([this] { run(); }) {}

SpoolReader::~SpoolReader() {
  stop();
  thread_.join();
}

void SpoolReader::configure(std::shared_ptr<const relay::Settings> settings) {
  const config::Config& config = *settings->config;
  std::vector<Place> places;
  for (const config::ListenerConfig& listener : config.listeners) {
    const bool is_known = std::ranges::find(places, listener.spool, &Place::folder) != places.end();
    if (listener.socket.empty() || is_known) continue;
    places.push_back(
        {listener.spool, listener.name, config.limits.message_size + kMostOfHead, settings});
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

// A file that cannot be changed must not be sent, or reported, again and again.
void SpoolReader::put_away(const sendmail::Spool& spool, const Place& place,
                           const std::string& name, bool aside) {
  const std::string file = place.folder + "/" + name;
  if (auto done = aside ? spool.set_aside(name) : spool.remove(name); done) {
    left_.erase(file);
  } else {
    left_[file] = {.recipients = {}, .aside = aside};
    report_unusable(place, name, done.error().detail);
  }
}

sendmail::Outcome SpoolReader::hand_in(const Place& place, const sendmail::Letter& letter,
                                       uid_t account) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) != 0) {
    sendmail::Outcome none;
    none.later = letter.recipients;
    return none;
  }
  const Descriptor ours(sockets[0]);
  connect_(place.listener, Descriptor(sockets[1]), account);
  return sendmail::hand_in(ours.get(), letter);
}

// Everyone can write a letter: only who may send as its sender has that sender told. Root's session
// takes the report whatever the account may do.
bool SpoolReader::report(const sendmail::Spool& spool, const Place& place,
                         const sendmail::SpooledLetter& read,
                         const std::vector<sendmail::Outcome::Refusal>& refused) {
  constexpr uid_t kRoot = 0;
  const relay::Settings& settings = *place.settings;
  if (!may_send(settings, place.listener, read)) return false;
  const sendmail::ReportingServer server{settings.config->hostname, settings.config->postmaster};
  const auto letter = sendmail::report_on(read.letter, refused, server, system_now());
  if (!letter) return false;
  const sendmail::Outcome outcome = hand_in(place, *letter, kRoot);
  return outcome.refused.empty() && (outcome.later.empty() || spool.keep(*letter, kRoot));
}

bool SpoolReader::bring_in(const sendmail::Spool& spool, const Place& place,
                           const std::string& name) {
  const std::string file = place.folder + "/" + name;
  const auto left = left_.find(file);
  if (left != left_.end() && left->second.recipients.empty()) {
    put_away(spool, place, name, left->second.aside);
    return true;
  }
  auto read = spool.read(name, place.most_octets);
  if (!read) {
    report_unusable(place, name, read.error().detail);
    if (read.error().code == Errc::InvalidArgument) put_away(spool, place, name, true);
    return true;
  }
  if (left != left_.end()) read->letter.recipients = left->second.recipients;
  const sendmail::Outcome outcome = hand_in(place, read->letter, read->owner);
  if (outcome.taken.empty() && outcome.refused.empty()) return false;
  bool reported = false;
  if (!outcome.refused.empty()) {
    reported = report(spool, place, *read, outcome.refused);
    const std::string user = "uid:" + std::to_string(read->owner);
    const auto& first = outcome.refused.front();
    log::emit(relay::events::LetterRefused{.file = name,
                                           .user = user,
                                           .from = read->letter.sender,
                                           .to = first.recipient,
                                           .reply = first.reply,
                                           .reported = reported});
  }
  if (!outcome.later.empty()) {
    // The others must not get it twice.
    sendmail::Letter rest = read->letter;
    rest.recipients = outcome.later;
    if (!spool.keep(rest, read->owner)) {
      left_[file] = {.recipients = std::move(rest.recipients), .aside = false};
      return false;
    }
  }
  put_away(spool, place, name, outcome.taken.empty() && outcome.later.empty() && !reported);
  return true;
}

}  // namespace signpost::daemon
