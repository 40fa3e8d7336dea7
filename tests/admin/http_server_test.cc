#include "admin/http_server.h"

#include "net/unix_socket.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::admin {
namespace {

namespace fs = std::filesystem;

// One connection; what is read until the other side closes, or until `end` was seen.
class Client {
 public:
  explicit Client(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    const auto address = net::UnixAddress::of(path);
    sockaddr_storage native;
    const socklen_t size = address->to_native(native);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&native), size), 0);
  }
  // Whether the server has taken it.
  bool send(std::string_view text) const {
    return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  std::string read_until(std::string_view end) const {
    std::string text;
    std::string piece(65536, '\0');
    while (end.empty() || !text.contains(end)) {
      const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
      if (got <= 0) break;
      text.append(piece, 0, static_cast<std::size_t>(got));
    }
    return text;
  }
  std::string read_all() const { return read_until(""); }
  int descriptor() const { return socket_.get(); }

 private:
  Descriptor socket_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    std::string name = (fs::temp_directory_path() / "signpost-http-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~HttpServerTest() override {
    server_.reset();
    fs::remove_all(folder_);
  }

  void start(HttpLimits limits = {}, std::size_t connections = 64) {
    auto socket = net::UnixListener::open(path(), 0600);
    ASSERT_TRUE(socket) << socket.error().detail;
    std::vector<HttpListener> listeners;
    listeners.push_back({Descriptor(socket->release()), connections});
    auto started =
        HttpServer::start(std::move(listeners),
                          {[this](const HttpRequest& head) { return refuse(head); },
                           [this](const HttpRequest& request) { return answer(request); }},
                          limits);
    ASSERT_TRUE(started) << started.error().detail;
    server_ = std::move(*started);
    file_.emplace(std::move(*socket));
  }

  // Everything is answered with its method, path, parameters and the size of its body.
  std::optional<HttpResponse> refuse(const HttpRequest& head) {
    if (head.path != "/refused") return std::nullopt;
    return HttpResponse{403, "text/plain", "not you\n"};
  }
  HttpAnswer answer(const HttpRequest& request) {
    if (request.path == "/large") {
      return HttpResponse{200, "text/plain", std::string(1 << 20, 'x')};
    }
    std::string text = request.method + " " + request.path;
    for (const auto& [name, value] : request.query) {
      text.append(" ").append(name).append("=").append(value);
    }
    text += " " + std::to_string(request.body.size()) + "\n";
    if (request.path != "/slow") return HttpResponse{200, "text/plain", std::move(text)};
    return HttpWork([this, text] {
      begun_.release();
      may_end_.acquire();
      return HttpResponse{200, "text/plain", text};
    });
  }

  std::string path() const { return folder_ + "/socket"; }
  std::string ask(const std::string& request) const {
    const Client client(path());
    client.send(request);
    return client.read_all();
  }
  static std::string get(const std::string& target, const std::string& more = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more +
           "Connection: close\r\n\r\n";
  }
  static std::string post(std::size_t announced, const std::string& body) {
    return "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
           std::to_string(announced) + "\r\n\r\n" + body;
  }

  std::string folder_;
  std::optional<net::UnixListener> file_;
  std::counting_semaphore<> begun_{0};
  std::counting_semaphore<> may_end_{0};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ARequestReachesItsHandlerDecoded) {
  start();
  const std::string reply = ask(get("/a%20b?to=x%40y.example&from=%3C%3E&empty"));
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\nGET /a b to=x@y.example from=<> empty= 0\n")) << reply;
}

TEST_F(HttpServerTest, AConnectionCarriesRequestAfterRequest) {
  start();
  const Client client(path());
  for (const char* target : {"/one", "/two", "/three"}) {
    client.send(std::string("GET ") + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(client.read_until(std::string(target) + " 0\n").contains("200 OK")) << target;
  }
}

TEST_F(HttpServerTest, RangesAreNotServed) {
  start();
  const std::string reply = ask(get("/r", "Range: bytes=0-,0-,0-\r\n"));
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\nGET /r 0\n")) << reply;
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  start();
  const std::string reply = ask("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(reply.contains("Content-Length: 10\r\n")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\n")) << reply;
}

TEST_F(HttpServerTest, RequestsThatComeTogetherAreAnsweredInTurn) {
  start();
  const std::string reply =
      ask("GET /one HTTP/1.1\r\nHost: h\r\n\r\n"
          "POST /two HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz" +
          get("/three"));
  EXPECT_LT(reply.find("GET /one 0\n"), reply.find("POST /two 3\n")) << reply;
  EXPECT_LT(reply.find("POST /two 3\n"), reply.find("GET /three 0\n")) << reply;
}

TEST_F(HttpServerTest, Http10ConnectionsAreKeptOnRequest) {
  start();
  EXPECT_TRUE(ask("GET /x HTTP/1.0\r\n\r\n").contains("\r\nConnection: close\r\n"));
  const Client client(path());
  for (const char* target : {"/one", "/two"}) {
    client.send(std::string("GET ") + target + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_TRUE(client.read_until(std::string(target) + " 0\n").contains("Connection: keep-alive"));
  }
}

TEST_F(HttpServerTest, ABodyIsRequestedIfTheClientWaitsForIt) {
  start();
  const Client client(path());
  client.send(
      "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_TRUE(client.read_all().ends_with("POST /x 3\n"));
  const std::string refused =
      ask("POST /refused HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 403 ")) << refused;
}

TEST_F(HttpServerTest, AClientThatStillSendsReadsTheRefusalAndIsCutOff) {
  start();
  const Client client(path());
  client.send("POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_TRUE(client.send(std::string(100'000, 'x')));
  EXPECT_TRUE(client.read_all().ends_with("not you\n"));
  bool taken = true;
  for (int i = 0; i < 1000 && taken; ++i) taken = client.send(std::string(65536, 'x'));
  EXPECT_FALSE(taken);
}

TEST_F(HttpServerTest, ABodyIsBounded) {
  start({.body = 100});
  EXPECT_TRUE(ask(post(100, std::string(100, 'x'))).ends_with("POST / 100\n"));
  EXPECT_TRUE(ask(post(101, "")).starts_with("HTTP/1.1 413 ")) << "before it is read";
  EXPECT_TRUE(
      ask("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
          "80\r\n" +
          std::string(128, 'x') + "\r\n0\r\n\r\n")
          .starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, AHeadWithoutEndIsGivenUp) {
  start();
  const Client line(path());
  line.send("GET /");
  bool taken = true;
  for (int i = 0; i < 1000 && taken; ++i) taken = line.send(std::string(65536, 'x'));
  EXPECT_FALSE(taken);
  EXPECT_TRUE(line.read_all().starts_with("HTTP/1.1 414 "));
  const Client fields(path());
  fields.send("GET / HTTP/1.1\r\nHost: h\r\n");
  taken = true;
  for (int i = 0; i < 100'000 && taken; ++i)
    taken = fields.send("X: " + std::string(1000, 'y') + "\r\n");
  EXPECT_FALSE(taken);
  EXPECT_TRUE(fields.read_all().starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, ARefusedRequestEndsBeforeItsBody) {
  start();
  const std::string reply =
      ask("POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 403 ")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\nnot you\n")) << reply;
}

TEST_F(HttpServerTest, WhatIsNotHttpIsRefused) {
  start();
  for (const char* nonsense :
       {"\r\n\r\n", "EHLO x\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", "\x16\x03\x01\x02"}) {
    const Client client(path());
    client.send(nonsense);
  }
  EXPECT_TRUE(ask(get("/still")).ends_with("GET /still 0\n"));
}

TEST_F(HttpServerTest, SlowWorkHoldsUpNobodyElse) {
  start({.work_threads = 1, .work_waiting = 1});
  const Client working(path());
  working.send(get("/slow"));
  begun_.acquire();
  EXPECT_TRUE(ask(get("/quick")).ends_with("GET /quick 0\n"));
  may_end_.release();
  EXPECT_TRUE(working.read_all().ends_with("GET /slow 0\n"));
}

TEST_F(HttpServerTest, MoreWorkThanMayWaitIsRefused) {
  start({.work_threads = 1, .work_waiting = 1});
  const Client working(path());
  const Client waiting(path());
  working.send(get("/slow"));
  begun_.acquire();
  waiting.send(get("/slow"));
  std::string reply;
  while (!reply.starts_with("HTTP/1.1 503 ")) {  // `waiting` may not have been read yet
    const Client another(path());
    another.send(get("/slow"));
    pollfd readable{another.descriptor(), POLLIN, 0};
    if (::poll(&readable, 1, 200) == 1) reply = another.read_all();
  }
  may_end_.release(8);
  EXPECT_TRUE(working.read_all().ends_with("GET /slow 0\n"));
  EXPECT_TRUE(waiting.read_all().ends_with("GET /slow 0\n"));
}

TEST_F(HttpServerTest, AClientThatLeavesDuringWorkIsForgotten) {
  start();
  {
    const Client leaving(path());
    leaving.send(get("/slow"));
    begun_.acquire();
  }
  may_end_.release();
  EXPECT_TRUE(ask(get("/still")).ends_with("GET /still 0\n"));
}

TEST_F(HttpServerTest, UnsentResponsesAreBounded) {
  start({.unsent = 2 << 20});
  std::vector<std::unique_ptr<Client>> deaf;
  for (int i = 0; i < 8; ++i) {
    deaf.push_back(std::make_unique<Client>(path()));
    deaf.back()->send(get("/large"));
  }
  EXPECT_TRUE(ask(get("/short")).ends_with("GET /short 0\n"));
  int refused = 0;
  for (const auto& client : deaf)
    refused += client->read_all().starts_with("HTTP/1.1 503 ") ? 1 : 0;
  EXPECT_GE(refused, 1);
  EXPECT_TRUE(ask(get("/large")).starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, BeyondTheLimitTheIdlestConnectionIsClosed) {
  start({}, 2);
  const Client first(path());
  const Client second(path());
  EXPECT_TRUE(ask(get("/third")).ends_with("GET /third 0\n"));
  EXPECT_EQ(first.read_all(), "");
  second.send(get("/second"));
  EXPECT_TRUE(second.read_all().ends_with("GET /second 0\n"));
}

TEST_F(HttpServerTest, AConnectionWaitsWhileThereIsNoDescriptorForIt) {
  start();
  const int next = ::dup(STDERR_FILENO);
  ::close(next);
  rlimit allowed{};
  ::getrlimit(RLIMIT_NOFILE, &allowed);
  const rlimit one_more{static_cast<rlim_t>(next) + 1, allowed.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &one_more);
  const Client client(path());  // takes it
  client.send(get("/x"));
  pollfd readable{client.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&readable, 1, 50), 0);
  ::setrlimit(RLIMIT_NOFILE, &allowed);
  EXPECT_TRUE(client.read_all().ends_with("GET /x 0\n"));
}

TEST_F(HttpServerTest, TheEndWaitsForWorkButNotForClients) {
  start();
  const Client idle(path());
  const Client half(path());
  half.send("GET /half HTTP/1.1\r\nHo");
  const Client working(path());
  working.send(get("/slow"));
  begun_.acquire();
  auto ended = std::async(std::launch::async, [this] { server_.reset(); });
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(half.read_all(), "");
  may_end_.release();
  EXPECT_TRUE(working.read_all().ends_with("GET /slow 0\n"));
  ended.get();
  EXPECT_FALSE(server_);
}

}  // namespace
}  // namespace signpost::admin
