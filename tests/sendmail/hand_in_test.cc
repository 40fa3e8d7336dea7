#include "sendmail/hand_in.h"

#include "base/check.h"
#include "base/descriptor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace signpost::sendmail {
namespace {

// A server that says its lines one after the other, each after a line of the client, and swallows
// the mail data after a 354. Then it hangs up.
class Server {
 public:
  explicit Server(std::vector<std::string> replies) : replies_(std::move(replies)) {
    std::array<int, 2> sockets{};
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0);
    client_ = Descriptor(sockets[0]);
    thread_ = std::thread([this, fd = sockets[1]] { run(Descriptor(fd)); });
  }
  ~Server() {
    client_.reset();
    thread_.join();
  }
  int client() const { return client_.get(); }

 private:
  void run(const Descriptor& socket) {
    std::string heard;
    std::string_view end = "\r\n";
    for (std::size_t i = 0; i < replies_.size(); ++i) {
      while (i > 0 && !heard.contains(end)) {
        std::array<char, 4096> piece;
        const ssize_t size = ::recv(socket.get(), piece.data(), piece.size(), 0);
        if (size <= 0) return;
        heard.append(piece.data(), static_cast<std::size_t>(size));
      }
      if (i > 0) heard.erase(0, heard.find(end) + end.size());
      const std::string line = replies_[i] + "\r\n";
      (void)::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
      end = line.starts_with("354") ? "\r\n.\r\n" : "\r\n";
    }
  }

  std::vector<std::string> replies_;
  Descriptor client_;
  std::thread thread_;
};

Outcome hand_in_to(std::vector<std::string> replies) {
  const Server server(std::move(replies));
  Letter letter;
  letter.sender = "a@b.example";
  letter.recipients = {"c@d.example", "e@f.example"};
  letter.content = "From: a@b.example\r\n\r\n.dot\r\n";
  return hand_in(server.client(), letter);
}

using Texts = std::vector<std::string>;
const Texts kBoth{"c@d.example", "e@f.example"};

TEST(HandIn, ALetterThatIsTakenIsTakenForEveryRecipient) {
  const Outcome outcome = hand_in_to({"220 mail.example", "250 mail.example", "250 Ok", "250 Ok",
                                      "250 Ok", "354 Go", "250 2.0.0 Ok: queued as 1", "221 Bye"});
  EXPECT_EQ(outcome.taken, kBoth);
  EXPECT_TRUE(outcome.refused.empty() && outcome.later.empty());
}

TEST(HandIn, ManyRecipientsGoInTransactionsOfAHundred) {
  Texts replies{"220 mail.example", "250 mail.example"};
  const auto transaction = [&](std::size_t recipients, const char* end) {
    replies.insert(replies.end(), 1 + recipients, "250 Ok");
    replies.insert(replies.end(), {"354 Go", end});
  };
  transaction(100, "250 Ok");
  transaction(100, "452 Not now");
  transaction(50, "250 Ok");
  const Server server(std::move(replies));
  Letter letter;
  letter.content = "From: a@b.example\r\n\r\n";
  for (int i = 0; i < 250; ++i) letter.recipients.push_back(std::to_string(i) + "@d.example");
  const Outcome outcome = hand_in(server.client(), letter);
  EXPECT_EQ(outcome.taken.size(), 150U);
  EXPECT_EQ(outcome.taken.back(), "249@d.example");
  ASSERT_EQ(outcome.later.size(), 100U);
  EXPECT_EQ(outcome.later.front(), "100@d.example");
  EXPECT_EQ(outcome.reason, "452 Not now");
}

TEST(HandIn, EachRecipientHasItsOwnFate) {
  const Outcome outcome =
      hand_in_to({"220 mail.example", "250 mail.example", "250 Ok", "550 5.1.1 Unknown", "250 Ok",
                  "354 Go", "250 Ok", "221 Bye"});
  EXPECT_EQ(outcome.taken, Texts{"e@f.example"});
  ASSERT_EQ(outcome.refused.size(), 1U);
  EXPECT_EQ(outcome.refused[0].recipient, "c@d.example");
  EXPECT_EQ(outcome.refused[0].reply, "550 5.1.1 Unknown");
}

TEST(HandIn, ARefusalForNowIsForLater) {
  const Outcome outcome =
      hand_in_to({"220 mail.example", "250 mail.example", "452 4.3.1 Disk full", "221 Bye"});
  EXPECT_EQ(outcome.later, kBoth);
  EXPECT_EQ(outcome.reason, "452 4.3.1 Disk full");
}

TEST(HandIn, ALostConnectionIsForLaterWherever) {
  const Texts all{"220 mail.example", "250 mail.example", "250 Ok", "250 Ok", "250 Ok", "354 Go"};
  for (std::size_t count = 0; count <= all.size(); ++count) {
    const Outcome outcome = hand_in_to({all.begin(), all.begin() + static_cast<long>(count)});
    EXPECT_EQ(outcome.later, kBoth) << count;
    EXPECT_FALSE(outcome.reason.empty()) << count;
    EXPECT_TRUE(outcome.taken.empty() && outcome.refused.empty()) << count;
  }
}

TEST(HandIn, AServerThatTakesNobodyRefusesAllForNow) {
  const Outcome outcome = hand_in_to({"421 4.7.0 Too many sessions"});
  EXPECT_EQ(outcome.later, kBoth);
  EXPECT_EQ(outcome.reason, "421 4.7.0 Too many sessions");
}

}  // namespace
}  // namespace signpost::sendmail
