// What somebody who does not see the questions can do about their answers.
#include "tests/dns/name_server.h"
#include "tests/dns/resolver_fixture.h"

#include <netinet/in.h>

#include <set>
#include <utility>

namespace signpost::dns {
namespace {

using std::string_literals::operator""s;
using std::chrono::milliseconds;

const std::string kOwner = pointer(Packet::kQuestionName);
const std::string kTrue = "\xc0\x00\x02\x01"s;
const std::string kForged = "\xcb\x00\x71\x06"s;

std::string address(std::string_view name, const std::string& data, unsigned type = kTypeA) {
  return Packet(name, type).answer(kOwner, type, 300, data).bytes();
}

std::string with_id(std::string packet, unsigned id) { return packet.replace(0, 2, u16(id)); }

std::string other_case(std::string name) {
  const char c = name.front();
  name.front() = ascii::is_upper(c) ? ascii::to_lower(c) : static_cast<char>(c - 'a' + 'A');
  return name;
}

class ForgeryTest : public ResolverFixture {
 protected:
  ForgeryTest() {
    options_.timeout = milliseconds(1000);
    options_.tries = 2;
    server_ = std::make_unique<NameServer>(
        loop_, [](const AskedQuestion& q) { return address(q.name, kTrue); });
    open({server_->address()});
  }
  std::string ask_address(const std::string& name) {
    const Answer answer = ask({RecordType::A, name});
    const Addresses& found = records_of<Addresses>(answer);
    return found.empty() ? answer.detail : found.front().text();
  }
  double ignored() const {
    const std::string exposed = registry_.text();
    const std::string name = "\nsignpost_dns_ignored_answers_total ";
    const std::size_t at = exposed.find(name);
    return at == std::string::npos ? -1 : std::stod(exposed.substr(at + name.size()));
  }

  std::unique_ptr<NameServer> server_;
};

TEST_F(ForgeryTest, EachQuestionHasItsOwnPortIdentifierAndSpelling) {
  for (int i = 0; i < 400; ++i) {
    const std::string name = "n" + std::to_string(i) + ".long-enough-to-be-unlike.example";
    EXPECT_EQ(ask_address(name), "192.0.2.1");
  }
  std::set<unsigned> ports;
  std::set<unsigned> identifiers;
  std::set<std::string> spellings;
  for (const AskedQuestion& question : server_->asked) {
    ports.insert(question.port);
    identifiers.insert(question.id);
    spellings.insert(question.spelled.substr(question.spelled.find('.')));
  }
  // Random numbers repeat themselves now and then: some 3 of 400 ports, and identifiers.
  EXPECT_GT(ports.size(), 350U);
  EXPECT_GT(identifiers.size(), 380U);
  EXPECT_GT(spellings.size(), 395U) << "of 29 letters";
}

TEST_F(ForgeryTest, PortsAreClosedAfterTheAnswer) {
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(ask_address("n" + std::to_string(i) + ".example"), "192.0.2.1");
  }
  const int next = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  EXPECT_LT(next, 100) << "descriptors are left open";
  ::close(next);
}

TEST_F(ForgeryTest, SharesPortsWhenThereAreMany) {
  options_.timeout = milliseconds(200);
  server_ = std::make_unique<NameServer>(loop_, [](const AskedQuestion&) { return ""; });
  open({server_->address()});
  int answered = 0;
  std::vector<QueryHandle> queries;
  for (int i = 0; i < 1000; ++i) {
    queries.push_back(
        resolver_->ask({RecordType::A, "n" + std::to_string(i) + ".example"}, [&](const Answer&) {
          ++answered;
          check();
        }));
  }
  int most = 0;
  run_until([&] {
    const int next = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    most = std::max(most, next);
    ::close(next);
    return answered == 1000;
  });
  EXPECT_LT(most, 200);
}

TEST_F(ForgeryTest, AnswersToNoQuestionAreIgnored) {
  server_->forgeries = [](const AskedQuestion& q) {
    std::vector<std::string> forged;
    for (unsigned i = 1; i < 50; ++i) {
      forged.push_back(with_id(address(q.spelled, kForged), (q.id + i) & 0xffff));
    }
    forged.push_back(with_id(address("other.example", kForged), q.id));
    forged.push_back(with_id(address(q.spelled, "\5abcde"s, kTypeTxt), q.id));
    forged.push_back("short");
    forged.push_back(u16(q.id) + u16(0x8180) + std::string(8, '\0'));
    return forged;
  };
  EXPECT_EQ(ask_address("a.example"), "192.0.2.1");
  EXPECT_EQ(server_->asked.size(), 1U) << "nothing had to be asked again";
  EXPECT_EQ(ignored(), 53);
}

TEST_F(ForgeryTest, AnAnswerInAnotherSpellingIsNotBelieved) {
  server_->forgeries = [](const AskedQuestion& q) {
    return std::vector{with_id(address(other_case(q.spelled), kForged), q.id)};
  };
  EXPECT_EQ(ask_address("a.example"), "192.0.2.1");
  EXPECT_EQ(server_->asked.size(), 1U);
}

TEST_F(ForgeryTest, AnAnswerInAnotherSpellingIsCheckedOverTcp) {
  bool silent = true;
  server_ = std::make_unique<NameServer>(loop_, [&](const AskedQuestion& q) {
    return silent && !q.over_tcp() ? "" : address(q.name, kTrue);
  });
  server_->serve_tcp();
  server_->forgeries = [&](const AskedQuestion& q) {
    std::vector<std::string> forged;
    if (silent) forged.push_back(with_id(address(other_case(q.spelled), kForged), q.id));
    return forged;
  };
  open({server_->address()});
  EXPECT_EQ(ask_address("a.example"), "192.0.2.1");
  EXPECT_EQ(server_->asked_over_tcp, 1U);
  // The server keeps the spelling: so further questions have one.
  silent = false;
  std::set<std::string> spellings;
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(ask_address("n" + std::to_string(i) + ".same-name.example"), "192.0.2.1");
    spellings.insert(server_->asked.back().spelled.substr(2));
  }
  EXPECT_GT(spellings.size(), 6U);
  EXPECT_EQ(server_->asked_over_tcp, 1U);
}

TEST_F(ForgeryTest, AServerThatDoesNotKeepTheSpellingIsUnderstood) {
  server_->serve_tcp();
  server_->keeps_case = false;
  EXPECT_EQ(ask_address("some-name.example"), "192.0.2.1");
  EXPECT_EQ(server_->asked_over_tcp, 1U);
  for (int i = 0; i < 8; ++i) {
    const std::string name = "n" + std::to_string(i) + ".same-name.example";
    EXPECT_EQ(ask_address(name), "192.0.2.1");
    EXPECT_EQ(server_->asked.back().spelled, name);
  }
  EXPECT_EQ(server_->asked_over_tcp, 1U) << "once was enough";
}

TEST_F(ForgeryTest, ItIsUnderstoodWithoutTcpToo) {
  server_->keeps_case = false;
  EXPECT_EQ(ask_address("some-name.example"), "192.0.2.1");
  EXPECT_EQ(server_->asked.size(), 2U);
  EXPECT_NE(server_->asked[0].id, server_->asked[1].id);
  EXPECT_NE(server_->asked[0].port, server_->asked[1].port);
  EXPECT_EQ(ask_address("other-name.example"), "192.0.2.1");
  EXPECT_EQ(server_->asked.size(), 3U);
}

TEST_F(ForgeryTest, WithoutTcpOneForgeryIsNotEnough) {
  bool forging = true;
  server_ = std::make_unique<NameServer>(loop_, [&](const AskedQuestion& q) {
    return std::exchange(forging, false) ? "" : address(q.name, kTrue);
  });
  server_->forgeries = [&](const AskedQuestion& q) {
    std::vector<std::string> forged;
    if (forging) forged.push_back(with_id(address(other_case(q.spelled), kForged), q.id));
    return forged;
  };
  open({server_->address()});
  EXPECT_EQ(ask_address("some-name.example"), "192.0.2.1");
  // Neither for this answer nor to have the next questions asked in lower case.
  std::set<std::string> spellings;
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(ask_address("n" + std::to_string(i) + ".same-name.example"), "192.0.2.1");
    spellings.insert(server_->asked.back().spelled.substr(2));
  }
  EXPECT_GT(spellings.size(), 6U);
}

TEST_F(ForgeryTest, AnswersFromAnotherAddressAreIgnored) {
  const int elsewhere = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  server_->forgeries = [&](const AskedQuestion& q) {
    const std::string forged = with_id(address(q.spelled, kForged), q.id);
    sockaddr_storage native;
    const socklen_t size =
        net::SocketAddress::parse("127.0.0.1:" + std::to_string(q.port))->to_native(native);
    EXPECT_GT(::sendto(elsewhere, forged.data(), forged.size(), 0,
                       reinterpret_cast<sockaddr*>(&native), size),
              0);
    return std::vector<std::string>();
  };
  EXPECT_EQ(ask_address("a.example"), "192.0.2.1");
  EXPECT_EQ(server_->asked.size(), 1U);
  ::close(elsewhere);
}

}  // namespace
}  // namespace signpost::dns
