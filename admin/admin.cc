#include "admin/admin.h"

#include "admin/queue_control.h"
#include "base/ascii.h"
#include "base/utc.h"

#include <fmt/format.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>
#include <utility>

namespace signpost::admin {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMaxLimit = 1000;
constexpr std::size_t kMaxRequest = 64 * 1024;

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const char* end = text.data() + i + 2;
    const auto [stop, error] = std::from_chars(text.data() + i, end, value, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

Json json_of(const QueueEntry& entry) {
  const queue::Job& job = entry.job;
  Json to = Json::array();
  for (const queue::Recipient& recipient : job.recipients) to.push_back(recipient.mailbox);
  Json json{{"id", job.ref.id.text()},      {"number", job.ref.number},
            {"state", entry.state},         {"from", entry.envelope.reverse_path},
            {"to", std::move(to)},          {"domain", job.lane.domain},
            {"size", entry.envelope.size},  {"received", utc_text(entry.envelope.received)},
            {"attempts", job.attempts},     {"last_reply", job.last_reply.one_line()},
            {"waits_for", entry.waits_for}, {"last_remote", job.last_remote},
            {"user", entry.envelope.login}};
  json["due"] = job.state == queue::JobState::Deferred ? Json(utc_text(job.due)) : Json();
  json["last_attempt"] =
      job.last_attempt == SystemTime{} ? Json() : Json(utc_text(job.last_attempt));
  return json;
}

// Bytes that are not UTF-8 (a peer's reply may hold any) are replaced, not thrown over.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void answer(httplib::Response& response, int status, const Json& json) {
  response.status = status;
  response.set_content(text_of(json), "application/json");
}

void refuse(httplib::Response& response, int status, std::string_view error) {
  answer(response, status, {{"error", error}});
}

void refuse(httplib::Response& response, const Error& error) {
  refuse(response, error.code == Errc::NotFound ? 404 : 503, error.detail);
}

std::string known_states_only(std::string_view state) {
  for (const std::string_view known : {"", "ready", "active", "deferred", "held"}) {
    if (state == known) return "";
  }
  return fmt::format("unknown state {}; expected ready, active, deferred or held", state);
}

}  // namespace

std::string not_ready_reason(const Services& services) {
  if (services.draining.load()) return "draining: the relay is stopping";
  if (std::string error = services.committer.last_error(); !error.empty()) {
    return error;
  }
  if (services.admission.disk_is_full())
    return "the disk is full: less than limits.disk_free is left";
  if (services.admission.memory_is_exhausted()) return "out of memory: limits.memory is in use";
  return "";
}

struct Admin::Impl {
  Impl(const Services& given_services, AdminOptions given)
      : services(given_services), options(std::move(given)), queue(services) {}

  void set_routes();
  void list(const httplib::Request& request, httplib::Response& response);
  void show(const httplib::Request& request, httplib::Response& response);
  void change(const httplib::Request& request, httplib::Response& response,
              Result<QueueControl::Changed> (QueueControl::*action)(const QueueFilter&));
  bool permitted(const httplib::Request& request) const;

  const Services services;
  const AdminOptions options;
  QueueControl queue;
  httplib::Server server;
  std::thread thread;
};

bool Admin::Impl::permitted(const httplib::Request& request) const {
  const std::string secret = options.token.get();
  if (secret.empty()) return options.bind.ip.is_loopback();
  const std::string given = request.get_header_value("Authorization");
  const std::string wanted = "Bearer " + secret;
  // In constant time for one length, so that the token cannot be guessed octet by octet.
  unsigned char difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size() && i < wanted.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i] ^ wanted[i]);
  }
  return difference == 0;
}

void Admin::Impl::set_routes() {
  server.set_payload_max_length(kMaxRequest);
  // Without SO_REUSEPORT, which the library sets by default: a second relay must find the port in
  // use.
  server.set_socket_options([](socket_t socket) {
    const int on = 1;
    (void)setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  server.set_read_timeout(10);
  server.set_write_timeout(30);
  server.set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        if (request.path == "/healthz" || permitted(request)) {
          return httplib::Server::HandlerResponse::Unhandled;
        }
        response.set_header("WWW-Authenticate", "Bearer");
        refuse(response, 401, "the token of admin.token_file is required");
        return httplib::Server::HandlerResponse::Handled;
      });
  server.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
    response.set_content(services.registry.text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain");
  });
  server.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
    const std::string reason = not_ready_reason(services);
    if (!reason.empty()) response.status = 503;
    response.set_content(reason.empty() ? "ready\n" : reason + "\n", "text/plain");
  });
  server.Get("/api/v1/queue", [this](const httplib::Request& request, httplib::Response& response) {
    list(request, response);
  });
  server.Get(R"(/api/v1/queue/([0-9a-v]+))",
             [this](const httplib::Request& request, httplib::Response& response) {
               show(request, response);
             });
  server.Post("/api/v1/queue/retry",
              [this](const httplib::Request& request, httplib::Response& response) {
                change(request, response, &QueueControl::retry);
              });
  server.Post("/api/v1/queue/remove",
              [this](const httplib::Request& request, httplib::Response& response) {
                change(request, response, &QueueControl::remove);
              });
  server.Post("/api/v1/reload", [this](const httplib::Request&, httplib::Response& response) {
    const std::vector<std::string> errors = options.reload();
    if (errors.empty()) {
      answer(response, 200, {{"result", "ok"}});
    } else {
      answer(response, 409, {{"errors", errors}});
    }
  });
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) refuse(response, response.status, "not found");
  });
}

void Admin::Impl::list(const httplib::Request& request, httplib::Response& response) {
  QueueFilter filter;
  filter.to = request.get_param_value("to");
  filter.from = request.get_param_value("from");
  filter.user = request.get_param_value("user");
  filter.state = request.get_param_value("state");
  if (const std::string error = known_states_only(filter.state); !error.empty()) {
    refuse(response, 400, error);
    return;
  }
  std::size_t limit = kDefaultLimit;
  if (const std::string text = request.get_param_value("limit"); !text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error != std::errc() || end != text.data() + text.size() || limit == 0 ||
        limit > kMaxLimit) {
      refuse(response, 400, fmt::format("limit: expected a number from 1 to {}", kMaxLimit));
      return;
    }
  }
  const auto after = from_hex(request.get_param_value("after"));
  if (!after) {
    refuse(response, 400, "after: expected the value of `next` in the previous answer");
    return;
  }
  const auto page = queue.list(filter, *after, limit);
  if (!page) {
    refuse(response, page.error());
    return;
  }
  Json jobs = Json::array();
  for (const QueueEntry& entry : page->entries) jobs.push_back(json_of(entry));
  answer(response, 200, {{"jobs", std::move(jobs)}, {"next", to_hex(page->next)}});
}

void Admin::Impl::show(const httplib::Request& request, httplib::Response& response) {
  const auto id = queue::MessageId::parse(request.matches[1].str());
  if (!id) {
    refuse(response, 404, "that is not a queue ID");
    return;
  }
  const auto entries = queue.show(*id);
  if (!entries) {
    refuse(response, entries.error());
    return;
  }
  const queue::Envelope& envelope = entries->front().envelope;
  Json jobs = Json::array();
  for (const QueueEntry& entry : *entries) jobs.push_back(json_of(entry));
  answer(response, 200,
         {{"id", envelope.id.text()},
          {"from", envelope.reverse_path},
          {"user", envelope.login},
          {"peer", envelope.peer},
          {"received", utc_text(envelope.received)},
          {"size", envelope.size},
          {"message_id", envelope.message_id},
          {"envelope_id", envelope.envelope_id},
          {"notification", envelope.notification},
          {"jobs", std::move(jobs)}});
}

void Admin::Impl::change(
    const httplib::Request& request, httplib::Response& response,
    Result<QueueControl::Changed> (QueueControl::*action)(const QueueFilter&)) {
  const Json body = Json::parse(request.body, nullptr, false);
  QueueFilter filter;
  if (body.is_object()) {
    for (const auto& [key, value] : body.items()) {
      if (!value.is_string()) {
        refuse(response, 400, fmt::format("{}: expected a string", key));
        return;
      }
      const std::string text = value.get<std::string>();
      if (key == "id") {
        filter.id = queue::MessageId::parse(text);
        if (!filter.id) {
          refuse(response, 404, fmt::format("{} is not a queue ID", text));
          return;
        }
      } else if (key == "to") {
        filter.to = text;
      } else if (key == "from") {
        filter.from = text;
      } else if (key == "user") {
        filter.user = text;
      } else {
        refuse(response, 400, fmt::format("unknown key {}", key));
        return;
      }
    }
  }
  // An empty filter would mean the whole queue, which must not happen by mistake.
  if (filter.empty()) {
    refuse(response, 400, "expected a JSON object with id, to, from or user");
    return;
  }
  const auto changed = (queue.*action)(filter);
  if (!changed) {
    refuse(response, changed.error());
    return;
  }
  answer(response, 200,
         {{"matched", changed->matched}, {"changed", changed->changed}, {"busy", changed->busy}});
}

Admin::Admin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Admin>> Admin::start(const Services& services, AdminOptions options) {
  auto impl = std::make_unique<Impl>(services, std::move(options));
  impl->set_routes();
  // Scrapes and commands: four threads are plenty; the rest of the machine is for mail.
  impl->server.new_task_queue = [] { return new httplib::ThreadPool(4); };
  const net::SocketAddress& bind = impl->options.bind;
  errno = 0;
  if (!impl->server.bind_to_port(bind.ip.text(), bind.port)) {
    return fail(Errc::Io, fmt::format("admin.bind {}: {}", bind.text(),
                                      errno != 0 ? std::strerror(errno) : "cannot be bound"));
  }
  impl->thread = std::thread([server = &impl->server] { server->listen_after_bind(); });
  // A stop() before the thread gets there would be lost.
  while (!impl->server.is_running()) std::this_thread::yield();
  return std::unique_ptr<Admin>(new Admin(std::move(impl)));
}

Admin::~Admin() {
  impl_->server.stop();
  impl_->thread.join();
}

}  // namespace signpost::admin
