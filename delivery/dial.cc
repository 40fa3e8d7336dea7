#include "delivery/dial.h"

#include <utility>

namespace signpost::delivery {

Dial::Dial(SessionHost& host, User& user, HostWalk::Target target)
    : host_(host),
      user_(&user),
      target_(std::move(target)),
      timer_(host.context().loop, [this] { failed({Errc::TimedOut, "timed out"}); }) {
  if (!target_.is_local()) place_ = target_.address.ip;
}

Dial::~Dial() = default;

Result<void> Dial::begin(const net::IpAddress* source, std::chrono::milliseconds limit) {
  net::Loop& loop = host_.context().loop;
  auto stream = target_.is_local() ? net::Stream::connect_local(loop, target_.via->to.socket, *this)
                                   : net::Stream::connect(loop, target_.address, source, *this);
  if (!stream) return Failure(std::move(stream).error());
  stream_ = std::move(*stream);
  began_ = host_.context().clock.steady_now();
  timer_.start(limit);
  return {};
}

void Dial::hang_up() {
  user_ = nullptr;
  handler_ = nullptr;
  timer_.stop();
  if (place_) host_.give_back_place(*std::exchange(place_, std::nullopt));
}

void Dial::failed(const Error& error) {
  timer_.stop();
  if (user_ != nullptr) std::exchange(user_, nullptr)->on_failed(*this, error);
}

void Dial::on_connected() {
  timer_.stop();
  if (user_ != nullptr) std::exchange(user_, nullptr)->on_connected(*this);
}

void Dial::on_secured(const net::TlsFacts& facts) {
  if (handler_ != nullptr) handler_->on_secured(facts);
}

void Dial::on_ticket(const net::TlsTicket& ticket) {
  if (handler_ != nullptr) handler_->on_ticket(ticket);
}

void Dial::on_input() {
  if (handler_ != nullptr) handler_->on_input();
}

void Dial::on_writable() {
  if (handler_ != nullptr) handler_->on_writable();
}

void Dial::on_closed(const Error& error) {
  if (handler_ != nullptr) {
    handler_->on_closed(error);
  } else {
    failed({error.code, "failed: " + error.detail});
  }
}

}  // namespace signpost::delivery
