#include "auth/dovecot_socket.h"

#include "base/random.h"
#include "net/unix_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace signpost::auth {

namespace {

constexpr std::size_t kPiece = 4096;
constexpr const char* kStuck = "takes no questions";

std::string text_of_errno(int number) { return std::system_category().message(number); }

Result<Descriptor> connected(const std::string& path) {
  const auto address = net::UnixAddress::of(path);
  if (!address) return Failure(address.error());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return fail(Errc::Io, "no socket can be made: " + text_of_errno(errno));
  sockaddr_storage native;
  const socklen_t size = address->to_native(native);
  // A unix socket connects at once or not at all.
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&native), size) == 0) return socket;
  const int number = errno;
  std::string detail = "cannot be connected to: " + text_of_errno(number);
  if (number == EACCES) detail += "; give it a group and mode that let the relay's account in";
  if (number == ENOENT || number == ECONNREFUSED) detail += "; is Dovecot running?";
  return fail(Errc::Unavailable, std::move(detail));
}

}  // namespace

DovecotSocket::DovecotSocket(net::Loop& loop, net::Timers& timers, DovecotReport* report)
    : DovecotSocket(loop, timers, report, Limits{}) {}

DovecotSocket::DovecotSocket(net::Loop& loop, net::Timers& timers, DovecotReport* report,
                             const Limits& limits)
    : loop_(loop), timers_(timers), report_(report), limits_(limits) {}

DovecotSocket::~DovecotSocket() = default;

void DovecotSocket::ask(Question question, Done done) {
  std::string client = question.client.client_prefix().text();
  auto line = DovecotProtocol::line_of(next_, {.login = question.login,
                                               .password = question.password.view(),
                                               .client = question.client.text()});
  if (!line) {
    return loop_.defer([done = std::move(done)]() mutable { done(Outcome::Rejected, ""); });
  }
  if (!has_place(question, client) || !connect(question.socket)) {
    return loop_.defer([done = std::move(done)]() mutable { done(Outcome::Unavailable, ""); });
  }
  const std::uint32_t number = next_++;
  Waiting& waiting = waiting_[number];
  waiting = {.client = std::move(client), .done = std::move(done), .line = std::move(*line)};
  if (protocol_.ready() && !send(std::exchange(waiting.line, {}).view())) {
    return loop_.defer([this] { give_up(kStuck); });
  }
  timers_.after(limits_.patience, [this, number] {
    if (!waiting_.contains(number)) return;
    report(fmt::format("does not answer within {} s", limits_.patience.count()));
    answer(number, Outcome::Unavailable, "");
  });
}

bool DovecotSocket::has_place(const Question& question, const std::string& client) const {
  const auto of_client =
      std::ranges::count(waiting_, client, [](const auto& entry) { return entry.second.client; });
  const std::size_t places = question.known ? limits_.waiting : limits_.waiting - limits_.kept;
  return waiting_.size() < places &&
         static_cast<std::size_t>(of_client) < limits_.waiting_per_client;
}

bool DovecotSocket::connect(const std::string& path) {
  if (socket_ && path == path_) return true;
  disconnect();
  path_ = path;
  auto socket = connected(path);
  if (!socket) {
    report(socket.error().detail);
    return false;
  }
  socket_ = std::move(*socket);
  poll_ = std::make_unique<net::Poll>(loop_, socket_.get(),
                                      [this](net::Poll::Events) { on_readable(); });
  poll_->want({.readable = true, .writable = false});
  // Dovecot wants another one of each connection.
  const auto client = static_cast<std::uint32_t>(1 + Random::local().below(0x7fff'fffe));
  if (send(DovecotProtocol::hello(client))) return true;
  report(kStuck);
  disconnect();
  return false;
}

// A few hundred questions fit into the socket's buffer. A Dovecot that does not take them is stuck.
bool DovecotSocket::send(std::string_view octets) {
  const ssize_t sent = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
  return sent >= 0 && static_cast<std::size_t>(sent) == octets.size();
}

void DovecotSocket::on_readable() {
  const auto into = in_.prepare(kPiece);
  const ssize_t size = ::recv(socket_.get(), into.data(), into.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size < 0) return give_up("lost: " + text_of_errno(errno));
  if (size == 0) return give_up("closed the connection before it answered");
  in_.commit(static_cast<std::size_t>(size));
  const bool was_ready = protocol_.ready();
  const auto answers = protocol_.hear(in_);
  if (!answers) return give_up(answers.error().detail);
  if (!was_ready && protocol_.ready()) {
    for (auto& [number, waiting] : waiting_) {
      if (!send(std::exchange(waiting.line, {}).view())) return give_up(kStuck);
    }
  }
  if (report_ != nullptr && !answers->empty()) report_->answered(path_);
  for (const auto& each : *answers) answer(each.number, each.outcome, each.login);
}

void DovecotSocket::answer(std::uint32_t number, Outcome outcome, const std::string& login) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;
  Done done = std::move(found->second.done);
  waiting_.erase(found);
  done(outcome, login);
}

void DovecotSocket::report(const std::string& reason) {
  if (report_ != nullptr) report_->failed(path_, reason);
}

// A connection that ends while nobody waits is made again with the next question.
void DovecotSocket::give_up(const std::string& reason) {
  if (!waiting_.empty()) report(reason);
  disconnect();
}

void DovecotSocket::disconnect() {
  poll_.reset();
  socket_.reset();
  protocol_ = {};
  in_.clear();
  auto lost = std::exchange(waiting_, {});
  for (auto& [number, waiting] : lost) waiting.done(Outcome::Unavailable, "");
}

}  // namespace signpost::auth
