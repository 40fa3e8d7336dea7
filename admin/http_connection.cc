#include "admin/http_connection.h"

#include "admin/json_response.h"
#include "base/clock.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace signpost::admin {

namespace {

using State = ConnectionTable::State;

// Short answers, such as health's, go out whatever else is being sent.
constexpr std::size_t kShort = 4 << 10;

// How much is still read from a client after the last response.
constexpr std::size_t kLeftover = 256 << 10;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

void HttpConnection::enter(State state) { all_.table.enter(id_, state, real_clock().steady_now()); }

// --- a request ----------------------------------------------------------------------------------

void HttpConnection::wait() {
  socket_.async_wait(Socket::wait_read, [this](error_code) { receive(); });
}

void HttpConnection::receive() {
  std::array<char, 16 << 10> piece;
  error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(piece), error);
  if (error == asio::error::would_block) return wait();
  if (error) return end();  // the client's end, or ours
  if (leaving_) return discard(size);
  received_.append(piece.data(), size);
  read_on();
}

void HttpConnection::read_on() {
  if (!parser_) parser_ = std::make_unique<HttpParser>(all_.limits);
  std::string_view rest = received_;
  const HttpParser::Step step = parser_->read(rest);
  received_.erase(0, received_.size() - rest.size());
  switch (step) {
    case HttpParser::Step::NeedsMore:
      return parser_->take_expectation() ? invite() : wait();
    case HttpParser::Step::Head:
      return begin();
    case HttpParser::Step::Complete:
      return answer();
    case HttpParser::Step::Refused:
      return send(parser_->refusal(), false);
  }
}

void HttpConnection::begin() {
  parser_->request().peer = peer_;
  if (auto refusal = all_.handler.refuse(parser_->request())) {
    return send(std::move(*refusal), false);
  }
  read_on();
}

// The client asks whether it may send the body.
void HttpConnection::invite() {
  asio::async_write(socket_, asio::buffer(kContinue),
                    [this](error_code error, std::size_t) { error ? end() : wait(); });
}

void HttpConnection::answer() {
  HttpAnswer answer = all_.handler.answer(parser_->request());
  if (auto* task = std::get_if<HttpWork>(&answer)) return work(std::move(*task));
  send(std::move(std::get<HttpResponse>(answer)), true);
}

// What the client does meanwhile is seen when the response is sent.
void HttpConnection::work(HttpWork task) {
  enter(State::Working);
  const bool posted = all_.pool.post([this, &loop = all_.loop, task = std::move(task)] {
    asio::post(loop, [this, response = task()]() mutable { send(std::move(response), true); });
  });
  if (!posted) send(json_error(503, "too many requests are being worked on, try again"), true);
}

// --- its response -------------------------------------------------------------------------------

void HttpConnection::send(HttpResponse response, bool may_keep) {
  if (response.body.size() > kShort && all_.unsent > 0 &&
      all_.unsent + response.body.size() > all_.limits.unsent) {
    response = json_error(503, "too many responses are on their way, try again");
  }
  const bool keep = may_keep && all_.accepting && parser_->keeps_connection();
  outgoing_ = std::make_unique<Outgoing>();
  outgoing_->is_last = !keep;
  outgoing_->head = response_head(response,
                                  !keep                       ? Persistence::Closed
                                  : parser_->is_of_http_1_0() ? Persistence::KeptAsToldHttp10
                                                              : Persistence::Kept,
                                  system_now());
  if (parser_->request().method != "HEAD") outgoing_->body = std::move(response.body);
  parser_.reset();
  all_.unsent += outgoing_->body.size();
  enter(State::Sending);
  asio::async_write(socket_,
                    std::array{asio::buffer(outgoing_->head), asio::buffer(outgoing_->body)},
                    [this](error_code error, std::size_t) { sent(error); });
}

void HttpConnection::sent(error_code error) {
  all_.unsent -= outgoing_->body.size();
  const bool is_last = outgoing_->is_last;
  outgoing_.reset();
  if (error || !socket_.is_open()) return end();
  enter(State::Waiting);
  if (is_last || !all_.accepting) return leave();
  if (!received_.empty()) return read_on();
  std::string().swap(received_);  // gives its memory back
  wait();
}

// --- the end ------------------------------------------------------------------------------------

// A client may still be sending. Closed with octets unread, the connection would be reset, and what
// the client has not read yet of the response could be lost with it.
void HttpConnection::leave() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  leaving_ = true;
  wait();
}

void HttpConnection::discard(std::size_t size) {
  discarded_ += size;
  discarded_ < kLeftover ? wait() : end();
}

void HttpConnection::close() {
  error_code ignored;
  socket_.close(ignored);  // pending waits fail
  all_.table.remove(id_);
}

void HttpConnection::end() {
  all_.table.remove(id_);
  all_.ended(id_);  // the last thing that this object does
}

}  // namespace signpost::admin
