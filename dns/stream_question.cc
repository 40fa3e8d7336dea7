#include "dns/stream_question.h"

#include <array>
#include <string_view>
#include <utility>

namespace signpost::dns {

StreamQuestion::StreamQuestion(net::Loop& loop, std::vector<net::SocketAddress> servers,
                               std::vector<unsigned char> query, std::chrono::milliseconds timeout,
                               Done done)
    : loop_(loop),
      servers_(std::move(servers)),
      query_(std::move(query)),
      timeout_(timeout),
      done_(std::move(done)),
      timer_(loop, [this] { ask_next(); }) {
  ask_next_later();
}

// The stream that failed is still on the stack.
void StreamQuestion::ask_next_later() {
  if (std::exchange(moving_on_, true)) return;
  timer_.stop();
  loop_.defer(alive_.guard([this] { ask_next(); }));
}

void StreamQuestion::ask_next() {
  moving_on_ = false;
  if (!done_) return;
  stream_.reset();
  expected_.reset();
  while (next_ < servers_.size()) {
    auto stream = net::Stream::connect(loop_, servers_[next_++], nullptr, *this);
    if (!stream) continue;
    stream_ = std::move(*stream);
    timer_.start(timeout_);
    return;
  }
  finish({});
}

void StreamQuestion::cancel() {
  timer_.stop();
  done_ = nullptr;
}

void StreamQuestion::on_connected() {
  const std::array<char, 2> size{static_cast<char>(query_.size() >> 8),
                                 static_cast<char>(query_.size())};
  stream_->output().append({size.data(), size.size()});
  stream_->output().append({reinterpret_cast<const char*>(query_.data()), query_.size()});
  stream_->flush();
}

void StreamQuestion::on_input() {
  if (!done_ || moving_on_) return;
  ByteQueue& input = stream_->input();
  const auto octets = [&input] {
    const std::string_view view = input.view();
    return Octets(reinterpret_cast<const unsigned char*>(view.data()), view.size());
  };
  if (!expected_) {
    if (input.size() < 2) return;
    expected_ = static_cast<std::size_t>(octets()[0] << 8 | octets()[1]);
    input.consume(2);
    stream_->resume_reading();
  }
  if (input.size() < *expected_) return;
  const Octets response = octets().first(*expected_);
  if (match(query_, response) == Match::None || says_failure(response)) return ask_next_later();
  finish(response);
}

void StreamQuestion::on_closed(const Error& /*error*/) { ask_next_later(); }

void StreamQuestion::finish(std::optional<Octets> response) {
  timer_.stop();
  std::exchange(done_, nullptr)(response);
}

}  // namespace signpost::dns
