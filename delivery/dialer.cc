#include "delivery/dialer.h"

#include "delivery/forbidden_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace signpost::delivery {

namespace {

using relay::ConnectionFailure;

ConnectionFailure kind_of(const Error& error) {
  if (error.code == Errc::TimedOut) return ConnectionFailure::TimedOut;
  return error.code == Errc::PeerClosed ? ConnectionFailure::Refused
                                        : ConnectionFailure::Unreachable;
}

bool needs_token(const HostWalk::Target& target) {
  return target.via != nullptr && !target.via->token_file.empty();
}

}  // namespace

Dialer::Dialer(SessionHost& host, SitePtr site, SessionRef session, const relay::Settings& settings,
               const NextHop& hop, User& user)
    : host_(host),
      site_(std::move(site)),
      session_(session),
      settings_(settings),
      hop_(hop),
      user_(user),
      walk_(host.context().loop, host.context().resolver, host.context().random, hop_,
            {[this](const std::string& name, const net::SocketAddress& address) {
               return why_not(name, address, hop_, source(), *settings_.config,
                              host_.local_addresses());
             },
             [this](const net::SocketAddress& address) {
               return host_.dead_addresses().standing(address, host_.context().clock.steady_now());
             },
             [this](const std::string& name, const Disposition& why) { skipped(name, why); },
             [this](HostWalk::Target target) { found(std::move(target)); },
             [this](const Disposition& why) { run_out(why); }}),
      timer_(host.context().loop, [this] { act(race_.due(host_.context().clock.steady_now())); }) {}

Dialer::~Dialer() = default;

void Dialer::connect() {
  is_connecting_ = true;
  act(race_.begin());
}

void Dialer::connect_again(HostWalk::Target target) {
  first_.push_front(std::move(target));
  connect();
}

void Dialer::stop() {
  is_connecting_ = false;
  timer_.stop();
  for (auto& dial : std::exchange(dials_, {})) hang_up(std::move(dial));
  give_back_spare();
}

void Dialer::hang_up(std::unique_ptr<Dial> dial) {
  dial->hang_up();
  host_.context().loop.defer([dial = std::move(dial)] {});
}

void Dialer::act(ConnectRace::Do what) {
  switch (what) {
    case ConnectRace::Do::Ask:
      ask();
      break;
    case ConnectRace::Do::Replace:
      give_up_first();
      if (is_connecting_) begin();  // unless its user has stopped it
      break;
    case ConnectRace::Do::Begin:
      begin();
      break;
    case ConnectRace::Do::GiveUp:
      stop();
      user_.on_exhausted(run_out_, crowded_);
      return;
    case ConnectRace::Do::Nothing:
      break;
  }
  if (!is_connecting_) return;
  give_back_spare();
  if (const auto at = race_.next_at()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*at - host_.context().clock.steady_now());
    timer_.start(std::max(left, std::chrono::milliseconds(0)));
  } else {
    timer_.stop();
  }
}

// Targets -----------------------------------------------------------------------------------------

void Dialer::offer(HostWalk::Target target) {
  next_ = std::move(target);
  act(race_.found(next_->rank));
}

void Dialer::ask() {
  if (!first_.empty()) {
    HostWalk::Target target = std::move(first_.front());
    first_.pop_front();
    offer(std::move(target));
  } else if (!std::exchange(is_asking_, true)) {
    walk_.next();
  }
}

// It may answer a question of a race that is over.
void Dialer::found(HostWalk::Target target) {
  is_asking_ = false;
  if (is_connecting_ && race_.state() == ConnectRace::State::Asking) {
    offer(std::move(target));
  } else {
    first_.push_back(std::move(target));
  }
}

// Of a race that is over nobody needs to know.
void Dialer::skipped(const std::string& name, const Disposition& why) {
  if (!is_connecting_) return;
  HostWalk::Target target;
  target.host = name;
  user_.on_target_failed(target, ConnectionFailure::Tls, why);
}

void Dialer::run_out(const Disposition& why) {
  is_asking_ = false;
  if (!is_connecting_ || race_.state() != ConnectRace::State::Asking) return;
  run_out_ = why;
  if (later_.empty()) {
    act(race_.exhausted());
    return;
  }
  HostWalk::Target target = std::move(later_.front());
  later_.pop_front();
  offer(std::move(target));
}

// Attempts ----------------------------------------------------------------------------------------

bool Dialer::may_begin() {
  if (dials_.empty() || dials_.size() < 1 + beside_) return true;
  if (!host_.take_beside(site_, session_)) return false;
  ++beside_;
  return true;
}

void Dialer::give_back_spare() {
  while (beside_ > 0 && beside_ >= dials_.size()) {
    --beside_;
    host_.give_back_beside(site_, session_);
  }
}

// One token is read at a time.
bool Dialer::goes_alone() const {
  const auto has_token = [](const RouteHop& hop) { return !hop.token_file.empty(); };
  return host_.short_of_connections() || std::ranges::any_of(hop_.via, has_token);
}

void Dialer::begin() {
  if (!may_begin()) {
    race_.refused();
  } else if (needs_token(*next_)) {
    read_token();
  } else {
    dial();
  }
}

void Dialer::read_token() {
  using Login = Result<std::shared_ptr<const smtp::ClientLogin>>;
  auto login = std::make_shared<Login>(nullptr);
  host_.context().loop.run_blocking(
      [login, via = *next_->via] { *login = login_at(via); }, alive_.guard([this, login] {
        if (!is_connecting_) return;
        if (*login) {
          login_ = std::move(**login);
          dial();
          return;
        }
        const HostWalk::Target target = *std::exchange(next_, std::nullopt);
        // Of several next hops one that cannot be used is the last to be asked again.
        if (hop_.via.size() > 1) {
          host_.dead_addresses().failed(target.address, host_.context().clock.steady_now());
        }
        user_.on_target_failed(target, ConnectionFailure::Auth,
                               local(Outcome::Delayed, {4, 7, 8}, login->error().detail));
        if (is_connecting_) act(race_.skipped());
      }));
}

void Dialer::dial() {
  const HostWalk::Target target = *std::exchange(next_, std::nullopt);
  if (!target.is_local() && !host_.take_place(site_, target.address.ip)) {
    crowded_ = true;
    act(race_.skipped());
    return;
  }
  Dial::User& user = *this;
  auto dial = std::make_unique<Dial>(host_, user, target);
  const net::IpAddress* from =
      target.is_local() ? nullptr : source().address_for(target.address.ip);
  const auto begun = dial->begin(from, settings_.config->delivery.connect_timeout);
  if (!begun) {
    hang_up(std::move(dial));
    target_failed(target, ConnectionFailure::Unreachable, "failed: " + begun.error().detail);
    if (is_connecting_) act(race_.skipped());
    return;
  }
  dials_.push_back(std::move(dial));
  race_.began(goes_alone(), host_.context().clock.steady_now());
  act(ConnectRace::Do::Nothing);
}

void Dialer::target_failed(const HostWalk::Target& target, ConnectionFailure kind,
                           std::string_view detail) {
  const std::string place = target.place();
  const std::string where = target.is_local() ? place : fmt::format("{} ({})", target.host, place);
  if (!target.is_local()) {
    host_.dead_addresses().failed(target.address, host_.context().clock.steady_now());
  }
  user_.on_target_failed(
      target, kind,
      local(Outcome::Delayed, {4, 4, 1}, fmt::format("connecting to {} {}", where, detail)));
}

std::unique_ptr<Dial> Dialer::taken_out(const Dial& dial) {
  const auto found = std::ranges::find(dials_, &dial, &std::unique_ptr<Dial>::get);
  std::unique_ptr<Dial> taken = std::move(*found);
  dials_.erase(found);
  return taken;
}

void Dialer::on_failed(Dial& dial, const Error& error) {
  const HostWalk::Target& target = dial.target();  // which outlives this turn
  hang_up(taken_out(dial));
  target_failed(target, kind_of(error), error.detail);
  if (is_connecting_) act(race_.failed());
}

// It has been silent for longer than the others.
void Dialer::give_up_first() {
  Dial& first = *dials_.front();
  const HostWalk::Target target = first.target();
  hang_up(taken_out(first));
  race_.gave_up();
  target_failed(target, ConnectionFailure::TimedOut, "was given up for another address");
}

// One that was silent for so long that a better rank is given up is as good as dead.
void Dialer::lost_the_race(std::unique_ptr<Dial> dial, bool was_ahead) {
  const HostWalk::Target& target = dial->target();
  const SteadyTime now = host_.context().clock.steady_now();
  if (was_ahead && !target.is_local()) {
    if (now - dial->began() >= ConnectRace::kHeadStartOfRank) {
      host_.dead_addresses().failed(target.address, now);
    } else {
      host_.dead_addresses().outrun(target.address, now);
    }
  }
  later_.push_back(target);
  hang_up(std::move(dial));
}

void Dialer::on_connected(Dial& dial) {
  race_.won();
  is_connecting_ = false;
  timer_.stop();
  const std::size_t ahead = static_cast<std::size_t>(
      std::ranges::find(dials_, &dial, &std::unique_ptr<Dial>::get) - dials_.begin());
  std::unique_ptr<Dial> winner = taken_out(dial);
  std::vector<std::unique_ptr<Dial>> others = std::exchange(dials_, {});
  for (std::size_t i = 0; i < others.size(); ++i) lost_the_race(std::move(others[i]), i < ahead);
  if (next_) first_.push_front(*std::exchange(next_, std::nullopt));
  give_back_spare();
  const HostWalk::Target& target = winner->target();
  if (!target.is_local()) host_.dead_addresses().answered(target.address);
  std::shared_ptr<const smtp::ClientLogin> login;
  if (needs_token(target)) {
    login = login_;
  } else if (target.via != nullptr) {
    login = login_at(*target.via).value();  // it needs no file
  }
  user_.on_dialed(std::move(winner), std::move(login));
}

}  // namespace signpost::delivery
