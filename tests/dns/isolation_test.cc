// What goes wrong with one look-up, or with one name server, harms no other look-up.
#include "tests/dns/name_server.h"
#include "tests/dns/resolver_fixture.h"

#include <chrono>
#include <map>
#include <utility>

namespace signpost::dns {
namespace {

using std::string_literals::operator""s;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr unsigned kFlagTc = 0x200;

std::string address(const AskedQuestion& q) {
  return Packet(q.name, kTypeA)
      .answer(pointer(Packet::kQuestionName), kTypeA, 300, "\xc0\x00\x02\x01"s)
      .bytes();
}
std::string truncated(const AskedQuestion& q) {
  return Packet(q.name, q.type).flag(kFlagTc).bytes();
}

class IsolationTest : public ResolverFixture {
 protected:
  IsolationTest() { options_.timeout = milliseconds(1000); }

  // Asks for all of them at once; their states, by name.
  std::map<std::string, Status> ask_all(const std::vector<std::string>& names) {
    std::map<std::string, Status> states;
    std::vector<QueryHandle> queries;
    for (const std::string& name : names) {
      queries.push_back(resolver_->ask({RecordType::A, name}, [&, name](const Answer& answer) {
        states[name] = answer.status;
        check();
      }));
    }
    run_until([&] { return states.size() == names.size(); });
    return states;
  }
  milliseconds time_to_ask(const std::string& name) {
    const auto began = steady_clock::now();
    EXPECT_EQ(ask({RecordType::A, name}).status, Status::Ok);
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  }
};

// A truncated answer whose question cannot be asked over TCP.
TEST_F(IsolationTest, ARefusedTcpConnectionFailsItsOwnQuestionOnly) {
  std::vector<AskedQuestion> late;
  NameServer server(loop_, [](const AskedQuestion& q) {
    return q.name.starts_with("large") ? truncated(q) : address(q);
  });
  open({server.address()});
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) {
    names.push_back((i % 4 == 0 ? "large" : "healthy") + std::to_string(i) + ".example");
  }
  for (const auto& [name, status] : ask_all(names)) {
    EXPECT_EQ(status, name.starts_with("large") ? Status::Temporary : Status::Ok) << name;
  }
}

TEST_F(IsolationTest, SoDoesAConnectionThatIsClosed) {
  NameServer server(loop_, [](const AskedQuestion& q) {
    if (q.over_tcp()) return q.name.starts_with("large") ? ""s : address(q);
    return q.name.starts_with("healthy") ? address(q) : truncated(q);
  });
  server.serve_tcp();
  server.closes_silently = true;
  open({server.address()});
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) {
    names.push_back((i % 4 == 0 ? "large" : "healthy") + std::to_string(i) + ".example");
  }
  for (const auto& [name, status] : ask_all(names)) {
    EXPECT_EQ(status, name.starts_with("large") ? Status::Temporary : Status::Ok) << name;
  }
}

TEST_F(IsolationTest, ManyLargeAnswersComeOverTcp) {
  NameServer server(
      loop_, [](const AskedQuestion& q) { return q.over_tcp() ? address(q) : truncated(q); });
  server.serve_tcp();
  open({server.address()});
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("large" + std::to_string(i) + ".example");
  for (const auto& [name, status] : ask_all(names)) EXPECT_EQ(status, Status::Ok) << name;
  EXPECT_EQ(server.asked_over_tcp, 100U);
}

TEST_F(IsolationTest, ALargeAnswerIsTakenFromTheServerThatHasIt) {
  NameServer without_tcp(loop_, truncated);
  NameServer server(loop_, [](const AskedQuestion& q) { return address(q); });
  server.serve_tcp();
  open({without_tcp.address(), server.address()});
  EXPECT_EQ(ask({RecordType::A, "large.example"}).status, Status::Ok);
}

TEST_F(IsolationTest, ASilentServerCostsOneTimeOutAndNotOneEachTime) {
  options_.timeout = milliseconds(300);
  NameServer silent(loop_, [](const AskedQuestion&) { return ""; });
  NameServer server(loop_, [](const AskedQuestion& q) { return address(q); });
  open({silent.address(), server.address()});
  EXPECT_GE(time_to_ask("n0.example"), milliseconds(290));
  for (int i = 1; i < 10; ++i) {
    EXPECT_LT(time_to_ask("n" + std::to_string(i) + ".example"), milliseconds(200));
  }
  EXPECT_EQ(silent.asked.size(), 1U);
}

TEST_F(IsolationTest, WhereNobodyListensTheNextServerIsAskedAtOnce) {
  net::SocketAddress nobody;
  {
    const NameServer gone(loop_, [](const AskedQuestion&) { return ""; });
    nobody = gone.address();
  }
  NameServer server(loop_, [](const AskedQuestion& q) { return address(q); });
  open({nobody, server.address()});
  EXPECT_LT(time_to_ask("a.example"), milliseconds(900));
}

TEST_F(IsolationTest, AServerThatFailsOneQuestionIsStillAskedTheOthers) {
  NameServer server(loop_, [](const AskedQuestion& q) {
    return q.name.starts_with("bad") ? Packet(q.name, q.type).rcode(2).bytes() : address(q);
  });
  open({server.address()});
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) {
    names.push_back((i % 2 == 0 ? "bad" : "healthy") + std::to_string(i) + ".example");
  }
  for (const auto& [name, status] : ask_all(names)) {
    EXPECT_EQ(status, name.starts_with("bad") ? Status::Temporary : Status::Ok) << name;
  }
}

TEST_F(IsolationTest, AServerThatDoesNotKnowEdnsIsUnderstood) {
  NameServer server(loop_, [](const AskedQuestion& q) {
    return q.has_edns ? Packet(q.name, q.type).rcode(1).bytes() : address(q);
  });
  open({server.address()});
  EXPECT_EQ(ask({RecordType::A, "a.example"}).status, Status::Ok);
  EXPECT_EQ(server.asked.size(), 2U);
}

}  // namespace
}  // namespace signpost::dns
