#include "smtp/client_dialog.h"

#include "smtp/client_commands.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <variant>

namespace signpost::smtp {
namespace {

using std::chrono::seconds;

// A dialog and its peer; what the dialog writes is discarded, the transcripts check that.
struct Session {
  explicit Session(ClientOptions options = {}) : dialog(std::move(options)) {}

  ClientDialog::Step hear(std::string_view bytes) {
    in.append(bytes);
    auto step = dialog.advance(in, out);
    out.clear();
    return step;
  }
  void become_ready() {
    hear("220 mx.example\r\n");
    EXPECT_TRUE(std::holds_alternative<ClientDialog::Ready>(hear("250 mx.example\r\n")));
  }
  void begin() {
    ClientTransaction transaction;
    transaction.reverse_path = "a@x.example";
    transaction.recipients.push_back({"b@y.example", {}, {}});
    dialog.begin(transaction, out);
  }

  ClientDialog dialog;
  ByteQueue in;
  ByteQueue out;
};

TEST(ClientDialog, WaitsForEachPhaseAsLongAsItsTimeLimitSays) {
  ClientOptions options;
  options.timeouts = {seconds(1), seconds(2), seconds(3), seconds(4),
                      seconds(5), seconds(6), seconds(7), seconds(8)};
  Session session(options);
  const auto expect = [&](Phase phase, int limit) {
    EXPECT_EQ(session.dialog.awaiting(), phase);
    EXPECT_EQ(session.dialog.timeout(), seconds(limit));
  };
  expect(Phase::Greeting, 1);
  session.hear("220 mx.example\r\n");
  expect(Phase::Hello, 2);
  session.hear("250 mx.example\r\n");
  expect(Phase::Idle, 8);
  session.begin();
  expect(Phase::Mail, 3);
  session.hear("250 ok\r\n");
  expect(Phase::Rcpt, 4);
  session.hear("250 ok\r\n");
  expect(Phase::DataCommand, 5);
  session.hear("354 go\r\n");
  expect(Phase::Content, 6);
  session.dialog.content_sent();
  expect(Phase::EndOfData, 7);
  session.hear("250 queued\r\n");
  session.hear("");
  session.dialog.quit(session.out);
  expect(Phase::Quit, 8);
}

TEST(ClientDialog, WaitsByDefaultAtLeastAsLongAsTheStandardAsks) {
  const ClientTimeouts timeouts;  // RFC 5321 section 4.5.3.2
  EXPECT_GE(timeouts.greeting, std::chrono::minutes(5));
  EXPECT_GE(timeouts.mail, std::chrono::minutes(5));
  EXPECT_GE(timeouts.rcpt, std::chrono::minutes(5));
  EXPECT_GE(timeouts.data_command, std::chrono::minutes(2));
  EXPECT_GE(timeouts.data_block, std::chrono::minutes(3));
  EXPECT_GE(timeouts.end_of_data, std::chrono::minutes(10));
}

TEST(ClientDialog, HasWordsOfItsOwnForEachPhase) {
  std::set<std::string_view> words;
  for (int phase = 0; phase <= static_cast<int>(Phase::Idle); ++phase) {
    words.insert(phase_text(static_cast<Phase>(phase)));
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(Phase::Idle) + 1);
  EXPECT_EQ(phase_text(Phase::Mail), "waiting for the reply to MAIL");
}

TEST(ClientDialog, SaysReadyOnceAndThenWaits) {
  Session session;
  session.become_ready();
  EXPECT_TRUE(session.dialog.can_begin());
  EXPECT_TRUE(std::holds_alternative<ClientDialog::AwaitReply>(session.hear("")));
  EXPECT_TRUE(session.dialog.can_begin());
  session.begin();
  EXPECT_FALSE(session.dialog.can_begin());
}

TEST(ClientDialog, KeepsTheGreeting) {
  Session session;
  session.hear("220 mx.example ESMTP\r\n");
  EXPECT_EQ(session.dialog.greeting(), (Reply{220, {}, "mx.example ESMTP"}));
}

TEST(ClientDialog, KeepsTheRefusalOfStarttlsForTheLog) {
  Session session;
  session.hear("220 mx.example\r\n");
  session.hear("250-mx.example\r\n250 STARTTLS\r\n");
  EXPECT_EQ(session.dialog.tls_refusal().code, 0);
  EXPECT_TRUE(
      std::holds_alternative<ClientDialog::Ready>(session.hear("454 4.7.0 no TLS today\r\n")));
  EXPECT_EQ(session.dialog.tls_refusal(), (Reply{454, {4, 7, 0}, "no TLS today"}));
}

// From STARTTLS to the reply to EHLO under TLS, wherever it ends in between.
class TlsStart : public testing::Test {
 protected:
  TlsStart() {
    session_.hear("220 mx.example\r\n");
    EXPECT_FALSE(session_.dialog.starting_tls());
    session_.hear("250-mx.example\r\n250 STARTTLS\r\n");
    EXPECT_TRUE(session_.dialog.starting_tls());
  }
  void secure() {
    EXPECT_TRUE(std::holds_alternative<ClientDialog::StartTls>(session_.hear("220 go\r\n")));
    session_.dialog.tls_started(session_.out);
    EXPECT_TRUE(session_.dialog.starting_tls());
  }
  bool closes(std::string_view bytes) {
    return std::holds_alternative<ClientDialog::Close>(session_.hear(bytes));
  }
  Session session_;
};

TEST_F(TlsStart, IsOverWithTheReplyToEhlo) {
  secure();
  EXPECT_TRUE(std::holds_alternative<ClientDialog::Ready>(session_.hear("250 mx.example\r\n")));
  EXPECT_FALSE(session_.dialog.starting_tls());
}

TEST_F(TlsStart, IsOverWhenTheSessionContinuesInClear) {
  session_.hear("454 4.7.0 not today\r\n");
  EXPECT_FALSE(session_.dialog.starting_tls());
}

TEST_F(TlsStart, FailsByAServerThatClosesOrSaysSomethingElse) {
  for (const std::string_view bytes :
       {"421 bye\r\n", "354 what\r\n", "HTTP/1.1 400\r\n", "220 go\r\n250 injected\r\n"}) {
    session_ = Session();
    session_.hear("220 mx.example\r\n");
    session_.hear("250-mx.example\r\n250 STARTTLS\r\n");
    EXPECT_TRUE(closes(bytes)) << bytes;
    EXPECT_TRUE(session_.dialog.starting_tls()) << bytes;
  }
}

TEST_F(TlsStart, FailsByALostConnection) {
  session_.dialog.connection_lost("timed out");
  EXPECT_TRUE(session_.dialog.starting_tls());
}

TEST_F(TlsStart, FailsByARefusalUnderTls) {
  secure();
  EXPECT_TRUE(closes("454 4.7.0 TLS is broken\r\n"));
  EXPECT_TRUE(session_.dialog.starting_tls());
}

TEST_F(TlsStart, FailsByAnAlertAfterTheHandshake) {
  secure();
  EXPECT_EQ(session_.dialog.connection_lost("alert").phase, Phase::Hello);
  EXPECT_TRUE(session_.dialog.starting_tls());
}

TEST(ClientDialog, SettlesATransactionWithoutRecipientsAtOnce) {
  Session session;
  session.become_ready();
  session.dialog.begin({}, session.out);
  EXPECT_TRUE(session.out.empty());
  const auto step = session.hear("");
  ASSERT_TRUE(std::holds_alternative<ClientDialog::TransactionDone>(step));
  EXPECT_TRUE(std::get<ClientDialog::TransactionDone>(step).result.recipients.empty());
}

// A session whose message is in `out`, the final dot included, and of which the socket has taken
// all but `unsent` octets.
struct SentMessage : Session {
  explicit SentMessage(std::string_view unsent) {
    hear("220 mx.example\r\n");
    hear("250-mx.example\r\n250 PIPELINING\r\n");
    hear("");
    begin();
    hear("250 ok\r\n250 ok\r\n354 go\r\n");
    out.consume(out.size());
    out.append(unsent);
    dialog.content_sent();
  }
};

TEST(ClientDialog, SendsNoDotAfterARefusalThatCameBeforeIt) {
  SentMessage session("last line\r\n.\r\n");
  const auto step = session.hear("451 4.7.1 early\r\n");
  const auto* close = std::get_if<ClientDialog::Close>(&step);
  ASSERT_TRUE(close != nullptr);
  ASSERT_TRUE(close->transaction);
  EXPECT_EQ(close->transaction->recipients.front().reply.code, 451);
  EXPECT_FALSE(close->transaction->possibly_delivered);
}

TEST(ClientDialog, TakesARefusalForTheReplyToTheDotWhereOnlyTheNextCommandsAreUnsent) {
  SentMessage session("");
  ClientTransaction next;
  next.reverse_path = "a@x.example";
  next.recipients.push_back({"c@y.example", {}, {}});
  ASSERT_TRUE(session.dialog.begin_early(next, session.out));
  ASSERT_FALSE(session.out.empty());
  const auto step = session.hear("451 4.7.1 not now\r\n");
  const auto* done = std::get_if<ClientDialog::TransactionDone>(&step);
  ASSERT_TRUE(done != nullptr);
  EXPECT_EQ(done->result.recipients.front().reply.code, 451);
}

TEST(ClientDialog, ReportsNothingTwiceWhenTheConnectionEndsAfterClose) {
  Session session;
  session.become_ready();
  session.begin();
  const auto step = session.hear("421 bye\r\n");
  ASSERT_TRUE(std::holds_alternative<ClientDialog::Close>(step));
  EXPECT_TRUE(std::get<ClientDialog::Close>(step).transaction);
  EXPECT_FALSE(session.dialog.connection_lost("closed").transaction);
}

TEST(PeerExtensions, AreReadFromTheLinesAfterTheFirst) {
  const PeerExtensions peer =
      parse_extensions({250,
                        {},
                        "mx.example\nPIPELINING\nSIZE 52428800\n8BITMIME\nSMTPUTF8\nSTARTTLS\nDSN\n"
                        "CHUNKING\nENHANCEDSTATUSCODES\nAUTH PLAIN LOGIN"});
  EXPECT_TRUE(peer.pipelining && peer.size && peer.eight_bit_mime && peer.smtputf8);
  EXPECT_TRUE(peer.starttls && peer.dsn && peer.chunking && peer.enhanced_status_codes);
  EXPECT_EQ(peer.auth, (std::vector<std::string>{"PLAIN", "LOGIN"}));
  EXPECT_EQ(peer.size_limit, 52428800U);
}

TEST(PeerExtensions, AreNotReadFromHalfAWord) {
  const PeerExtensions peer =
      parse_extensions({250, {}, "mx.example\nXPIPELINING\nSTARTTLSX\nAUTH PLAINER"});
  EXPECT_FALSE(peer.pipelining || peer.starttls);
  EXPECT_EQ(peer.auth, std::vector<std::string>{"PLAINER"});
}

TEST(ClientCommandsDeathTest, StopAtAnAddressThatHoldsALineEnd) {
  ClientTransaction transaction;
  transaction.reverse_path = "a@x.example>\r\nRCPT TO:<c";
  EXPECT_DEATH((void)mail_command(transaction, {}), "broken invariant");
}

}  // namespace
}  // namespace signpost::smtp
