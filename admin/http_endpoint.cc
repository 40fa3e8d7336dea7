#include "admin/http_endpoint.h"

#include "admin/connection_table.h"
#include "base/check.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>
#include <utility>

namespace signpost::admin {

namespace {

using State = ConnectionTable::State;

// What may come in while others are being told to go.
constexpr unsigned kSpareConnections = 32;
// Short answers, such as health's, go out whatever else is on its way.
constexpr std::size_t kShort = 4 << 10;

// One request of a connection.
struct Exchange {
  HttpRequest request;
  bool too_large = false;
  // Of work; written before the connection is resumed, read after.
  std::optional<HttpResponse> response;
};

// A body that is being sent, counted until the client has it.
struct Sent {
  std::string body;
  std::size_t& unsent;
};

int descriptor_of(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

HttpPeer peer_of(MHD_Connection* connection) {
  HttpPeer peer;
  peer.account = net::peer_credentials(descriptor_of(connection));
  if (peer.account) return peer;
  const sockaddr* address =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
  sockaddr_storage native{};
  std::memcpy(&native, address,
              address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  peer.address = net::SocketAddress::from_native(native);
  return peer;
}

MHD_Result append(void* pairs, MHD_ValueKind /*kind*/, const char* key, size_t key_size,
                  const char* value, size_t value_size) noexcept {
  static_cast<HttpRequest::Pairs*>(pairs)->emplace_back(
      std::string(key, key_size), value == nullptr ? "" : std::string(value, value_size));
  return MHD_YES;
}

HttpRequest head_of(MHD_Connection* connection, const char* url, const char* method) {
  HttpRequest request;
  request.method = method;
  request.path = url;
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, append, &request.query);
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, append, &request.headers);
  request.peer = peer_of(connection);
  return request;
}

// What the client says about its body; libmicrohttpd has refused what is not a number.
std::size_t announced_body(const HttpRequest& request) {
  const std::string_view text = request.header("Content-Length");
  std::size_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

HttpResponse error(int status, std::string_view text) {
  return {status, "application/json", "{\"error\":\"" + std::string(text) + "\"}\n"};
}

HttpResponse body_too_large() { return error(413, "the body is too large"); }

}  // namespace

struct HttpEndpoint::Impl {
  Impl(const HttpHandler& given_handler, const HttpLimits& given_limits, TaskPool& given_pool,
       std::function<void()> given_wake)
      : handler(given_handler),
        limits(given_limits),
        pool(given_pool),
        wake(std::move(given_wake)) {}

  MHD_Result receive(MHD_Connection* connection, const char* url, const char* method,
                     const char* data, size_t* size, void** state);
  MHD_Result begin(MHD_Connection* connection, Exchange& exchange);
  MHD_Result answer(MHD_Connection* connection, Exchange& exchange);
  MHD_Result work(MHD_Connection* connection, Exchange& exchange, HttpWork task);
  MHD_Result send(MHD_Connection* connection, HttpResponse response);
  void add(MHD_Connection* connection);
  void enter(MHD_Connection* connection, State state);
  static void close(int connection) { ::shutdown(connection, SHUT_RDWR); }

  const HttpHandler& handler;
  const HttpLimits& limits;
  TaskPool& pool;
  const std::function<void()> wake;
  std::optional<ConnectionTable> table;
  MHD_Daemon* daemon = nullptr;
  std::size_t unsent = 0;
  bool accepting = true;
};

// --- libmicrohttpd's callbacks ------------------------------------------------------------------

namespace {

template <typename Impl>
MHD_Result on_data(void* self, MHD_Connection* connection, const char* url, const char* method,
                   const char* /*version*/, const char* data, size_t* size, void** state) noexcept {
  return static_cast<Impl*>(self)->receive(connection, url, method, data, size, state);
}

template <typename Impl>
void on_completed(void* self, MHD_Connection* connection, void** state,
                  MHD_RequestTerminationCode /*code*/) noexcept {
  delete static_cast<Exchange*>(std::exchange(*state, nullptr));
  static_cast<Impl*>(self)->enter(connection, State::Waiting);
}

template <typename Impl>
void on_connection(void* self, MHD_Connection* connection, void** /*context*/,
                   MHD_ConnectionNotificationCode code) noexcept {
  auto& impl = *static_cast<Impl*>(self);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    impl.add(connection);
  } else {
    impl.table->remove(descriptor_of(connection));
  }
}

void forget(void* sent) noexcept {
  const std::unique_ptr<Sent> ended(static_cast<Sent*>(sent));
  ended->unsent -= ended->body.size();
}

}  // namespace

// --- a request ----------------------------------------------------------------------------------

void HttpEndpoint::Impl::add(MHD_Connection* connection) {
  table->add(descriptor_of(connection), peer_of(connection).client(), real_clock().steady_now());
  if (const auto surplus = table->take_surplus()) close(*surplus);
}

void HttpEndpoint::Impl::enter(MHD_Connection* connection, State state) {
  table->enter(descriptor_of(connection), state, real_clock().steady_now());
}

// Comes with the head, then with each piece of the body, then without data, and once more when the
// connection is resumed.
MHD_Result HttpEndpoint::Impl::receive(MHD_Connection* connection, const char* url,
                                       const char* method, const char* data, size_t* size,
                                       void** state) {
  auto* exchange = static_cast<Exchange*>(*state);
  if (exchange == nullptr) {
    exchange = new Exchange;  // on_completed() deletes it
    *state = exchange;
    exchange->request = head_of(connection, url, method);
    return begin(connection, *exchange);
  }
  if (*size == 0) return answer(connection, *exchange);
  std::string& body = exchange->request.body;
  exchange->too_large |= *size > limits.body - body.size();
  if (!exchange->too_large) body.append(data, *size);
  *size = 0;
  return MHD_YES;
}

MHD_Result HttpEndpoint::Impl::begin(MHD_Connection* connection, Exchange& exchange) {
  if (auto refusal = handler.refuse(exchange.request)) return send(connection, std::move(*refusal));
  if (announced_body(exchange.request) > limits.body) return send(connection, body_too_large());
  return MHD_YES;
}

MHD_Result HttpEndpoint::Impl::answer(MHD_Connection* connection, Exchange& exchange) {
  if (exchange.response) return send(connection, std::move(*exchange.response));
  if (exchange.too_large) return send(connection, body_too_large());
  HttpAnswer answer = handler.answer(exchange.request);
  if (auto* task = std::get_if<HttpWork>(&answer)) {
    return work(connection, exchange, std::move(*task));
  }
  return send(connection, std::move(std::get<HttpResponse>(answer)));
}

// A suspended connection stays, whatever its client does, until it is resumed.
MHD_Result HttpEndpoint::Impl::work(MHD_Connection* connection, Exchange& exchange, HttpWork task) {
  enter(connection, State::Working);
  MHD_suspend_connection(connection);
  const bool posted = pool.post([connection, &exchange, task = std::move(task), wake = wake] {
    exchange.response = task();
    MHD_resume_connection(connection);  // from here on, all but `wake` may be gone
    wake();
  });
  if (!posted) {
    exchange.response = error(503, "too many requests are being worked on, try again");
    MHD_resume_connection(connection);
    wake();
  }
  return MHD_YES;
}

MHD_Result HttpEndpoint::Impl::send(MHD_Connection* connection, HttpResponse response) {
  if (response.body.size() > kShort && unsent > 0 &&
      unsent + response.body.size() > limits.unsent) {
    response = error(503, "too many responses are on their way, try again");
  }
  unsent += response.body.size();
  auto* sent = new Sent{std::move(response.body), unsent};  // forget() deletes it
  MHD_Response* native = MHD_create_response_from_buffer_with_free_callback_cls(
      sent->body.size(), sent->body.data(), forget, sent);
  CHECK(native != nullptr);
  MHD_add_response_header(native, "Content-Type", response.type.c_str());
  MHD_add_response_header(native, "Cache-Control", "no-store");
  MHD_add_response_header(native, "X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(native, name.c_str(), value.c_str());
  }
  if (!accepting) MHD_add_response_header(native, "Connection", "close");
  enter(connection, State::Sending);
  const MHD_Result queued =
      MHD_queue_response(connection, static_cast<unsigned>(response.status), native);
  MHD_destroy_response(native);
  return queued;
}

// --- the endpoint -------------------------------------------------------------------------------

HttpEndpoint::HttpEndpoint(const HttpHandler& handler, const HttpLimits& limits, TaskPool& pool,
                           std::function<void()> wake)
    : impl_(std::make_unique<Impl>(handler, limits, pool, std::move(wake))) {}

HttpEndpoint::~HttpEndpoint() {
  if (impl_->daemon != nullptr) MHD_stop_daemon(impl_->daemon);
}

Result<void> HttpEndpoint::start(HttpListener listener) {
  impl_->table.emplace(ConnectionTable::Limits{listener.connections, impl_->limits.request_time,
                                               impl_->limits.response_time});
  // Its own limits are not used where ours do better: its time limit counts silence, which a client
  // that sends an octet now and then never reaches, and a limit by address refuses the newest
  // instead of the idlest.
  impl_->daemon = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, on_data<Impl>, impl_.get(),
      MHD_OPTION_LISTEN_SOCKET, listener.socket.get(), MHD_OPTION_CONNECTION_LIMIT,
      static_cast<unsigned>(listener.connections) + kSpareConnections,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, impl_->limits.head, MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_NOTIFY_COMPLETED, on_completed<Impl>, impl_.get(), MHD_OPTION_NOTIFY_CONNECTION,
      on_connection<Impl>, impl_.get(), MHD_OPTION_END);
  if (impl_->daemon == nullptr) return fail(Errc::Io, "the HTTP server cannot be started");
  (void)listener.socket.release();  // the daemon's
  return {};
}

int HttpEndpoint::descriptor() const {
  return MHD_get_daemon_info(impl_->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

bool HttpEndpoint::has_more() const {
  MHD_UNSIGNED_LONG_LONG milliseconds = 1;
  return MHD_get_timeout(impl_->daemon, &milliseconds) == MHD_YES && milliseconds == 0;
}

void HttpEndpoint::run() { MHD_run(impl_->daemon); }

void HttpEndpoint::sweep(SteadyTime now) {
  for (const int connection : impl_->table->take_overdue(now)) Impl::close(connection);
  if (impl_->accepting) return;
  for (const int connection : impl_->table->take_waiting()) Impl::close(connection);
}

void HttpEndpoint::stop_accepting() {
  impl_->accepting = false;
  const Descriptor listening(MHD_quiesce_daemon(impl_->daemon));
  sweep(real_clock().steady_now());
}

bool HttpEndpoint::working() const { return impl_->table->count(State::Working) > 0; }
bool HttpEndpoint::sending() const { return impl_->table->count(State::Sending) > 0; }

}  // namespace signpost::admin
