#include "tests/net/stream_fixture.h"

#include <openssl/ssl.h>

#include <array>

namespace signpost::net {
namespace {

using Events = std::vector<std::string>;

const TlsExpectation kMail{"mail.example", {"mail.example"}};

class StreamTlsTest : public StreamFixture {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(make_contexts()); }
};

TEST_F(StreamTlsTest, SecuresAConnection) {
  secure_pair();
  EXPECT_EQ(client_.facts->version, "TLSv1.3");
  EXPECT_EQ(client_.facts->version, server_.facts->version);
  EXPECT_EQ(client_.facts->cipher, server_.facts->cipher);
  EXPECT_FALSE(client_.facts->resumed);
  EXPECT_EQ(server_.facts->trust, TlsTrust::None);
  client_.send("EHLO\r\n");
  run_until([this] { return server_.received == "EHLO\r\n"; });
  server_.send("250 hello\r\n");
  run_until([this] { return client_.received == "250 hello\r\n"; });
  EXPECT_EQ(client_.events, (Events{"connected", "secured", "input"}));
}

TEST_F(StreamTlsTest, JudgesTheCertificateByTheName) {
  secure_pair("mail.example");
  EXPECT_EQ(client_.facts->trust, TlsTrust::Pkix);
  EXPECT_EQ(client_.facts->trust_error, "");
}

TEST_F(StreamTlsTest, JudgesTheCertificateByTheAddress) {
  secure_pair("127.0.0.1");
  EXPECT_EQ(client_.facts->trust, TlsTrust::Pkix) << client_.facts->trust_error;
}

TEST_F(StreamTlsTest, IgnoresTheRootsDotInAName) {
  secure_pair("mail.example.");
  EXPECT_EQ(client_.facts->trust, TlsTrust::Pkix) << client_.facts->trust_error;
}

TEST_F(StreamTlsTest, OneOfTheExpectedNamesIsEnough) {
  secure_pair({"mx.example", {"mx.example", "mail.example", "other.example"}});
  EXPECT_EQ(client_.facts->trust, TlsTrust::Pkix) << client_.facts->trust_error;
}

TEST_F(StreamTlsTest, SecuresButDoesNotVerifyOtherNames) {
  secure_pair({"mail.example", {"other.example", "mx.example"}});
  EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
  EXPECT_NE(client_.facts->trust_error.find("ostname"), std::string::npos)
      << client_.facts->trust_error;
}

TEST_F(StreamTlsTest, SecuresButDoesNotVerifyAnotherAddress) {
  secure_pair("127.0.0.2");
  EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
  EXPECT_NE(client_.facts->trust_error, "");
}

TEST_F(StreamTlsTest, SecuresButDoesNotVerifyWithoutAName) {
  for (const std::vector<std::string>& names :
       std::vector<std::vector<std::string>>{{}, {""}, {"."}}) {
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
    secure_pair({"mail.example", names});
    EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
    EXPECT_EQ(client_.facts->trust_error, "no name to verify");
  }
}

TEST_F(StreamTlsTest, ANameBesideAnAddressIsNeverVerified) {
  secure_pair({"mail.example", {"mail.example", "127.0.0.1"}});
  EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
}

TEST_F(StreamTlsTest, TheCommonNameIsNotAHostName) {
  make_contexts(TlsVersion::Tls12, test::make_certificate({}, "mail.example"));
  secure_pair("mail.example");
  EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
  EXPECT_NE(client_.facts->trust_error.find("ostname"), std::string::npos)
      << client_.facts->trust_error;
}

TEST_F(StreamTlsTest, AnAddressIsVerifiedByAddressesOnly) {
  make_contexts(TlsVersion::Tls12, test::make_certificate({"DNS:127.0.0.1"}, "127.0.0.1"));
  secure_pair("127.0.0.1");
  EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
  EXPECT_NE(client_.facts->trust_error, "");
}

TEST_F(StreamTlsTest, AWildcardStandsForAWholeLabel) {
  make_contexts(TlsVersion::Tls12, test::make_certificate({"DNS:*.mx.example"}));
  secure_pair("mail.mx.example");
  EXPECT_EQ(client_.facts->trust, TlsTrust::Pkix) << client_.facts->trust_error;
}

TEST_F(StreamTlsTest, AWildcardForAPartOfALabelDoesNotMatch) {
  make_contexts(TlsVersion::Tls12, test::make_certificate({"DNS:m*.mx.example"}));
  secure_pair("mail.mx.example");
  EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
}

TEST_F(StreamTlsTest, SecuresButDoesNotVerifyAnUnknownIssuer) {
  const auto other = Certificate::from_pem(test::make_certificate({}).certificate).value();
  client_context_ = TlsClientContext::create({.authorities = other.get()}).value();
  secure_pair();
  EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
  EXPECT_NE(client_.facts->trust_error, "");
}

class StreamTicketTest : public StreamTlsTest {
 protected:
  // The server as others are: ours gives no tickets.
  void give_tickets(int most_version = TLS1_3_VERSION) {
    SSL_CTX* const context = server_context_->handle();
    SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 2);
    SSL_CTX_set_max_proto_version(context, most_version);
  }
  TlsTicket ticket_of_a_connection() {
    secure_pair(kMail);
    run_until([this] { return !client_.tickets.empty(); });
    const TlsTicket ticket = client_.tickets.front();
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
    settle();
    return ticket;
  }
};

TEST_F(StreamTicketTest, TheNextConnectionContinuesTheSessionWithItsTrust) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    make_contexts();
    give_tickets(version);
    const TlsTicket ticket = ticket_of_a_connection();
    EXPECT_EQ(ticket.is_single_use(), version == TLS1_3_VERSION);
    EXPECT_GT(ticket.lifetime(), std::chrono::seconds(0));
    secure_pair(kMail, &ticket);
    EXPECT_TRUE(client_.facts->resumed);
    EXPECT_EQ(client_.facts->trust, TlsTrust::Pkix);
    EXPECT_EQ(client_.facts->version, version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
  }
}

TEST_F(StreamTicketTest, AServerThatDoesNotKnowTheTicketIsVerifiedAnew) {
  give_tickets();
  const TlsTicket ticket = ticket_of_a_connection();
  make_contexts(TlsVersion::Tls12, test::make_certificate({"DNS:other.example"}));
  secure_pair(kMail, &ticket);
  EXPECT_FALSE(client_.facts->resumed);
  EXPECT_EQ(client_.facts->trust, TlsTrust::Unverified);
}

TEST_F(StreamTicketTest, ATicketThatCannotBeReadIsAsGoodAsNone) {
  const TlsTicket nonsense("nonsense", true, std::chrono::hours(1));
  secure_pair(kMail, &nonsense);
  EXPECT_FALSE(client_.facts->resumed);
  EXPECT_EQ(client_.facts->trust, TlsTrust::Pkix);
}

int enlarge_ticket(SSL* connection, void*) noexcept {
  static const std::string large(TlsTicket::kMostOctets, 'x');
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(connection), large.data(), large.size());
}

TEST_F(StreamTicketTest, AServerCannotMakeTheClientKeepMuch) {
  give_tickets();
  SSL_CTX_set_session_ticket_cb(server_context_->handle(), enlarge_ticket, nullptr, nullptr);
  secure_pair(kMail);
  server_.send("220 hello\r\n");
  run_until([this] { return !client_.received.empty(); });
  EXPECT_TRUE(client_.tickets.empty());
}

// The name in the ClientHello, "-" without one.
std::string sent_server_name;

int record_server_name(SSL* ssl, int*, void*) noexcept {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  sent_server_name = name == nullptr ? "-" : name;
  return SSL_TLSEXT_ERR_OK;
}

TEST_F(StreamTlsTest, SendsTheServerNameWhicheverNamesCount) {
  // What the macro SSL_CTX_set_tlsext_servername_callback() does, without its old-style cast.
  SSL_CTX_callback_ctrl(server_context_->handle(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(record_server_name));
  using std::string_literals::operator""s;
  const std::vector<std::pair<std::string, std::string>> cases{{"mx.example", "mx.example"},
                                                               {"mx.example.", "mx.example"},
                                                               {"127.0.0.1", "-"},
                                                               {"::1", "-"},
                                                               {"", "-"},
                                                               {"mx\0.example"s, "-"},
                                                               {std::string(300, 'a'), "-"}};
  for (const auto& [server_name, sent] : cases) {
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
    secure_pair({server_name, {"mail.example"}});
    EXPECT_EQ(sent_server_name, sent);
    EXPECT_EQ(client_.facts->trust, TlsTrust::Pkix) << client_.facts->trust_error;
  }
}

// A server that asks clients for a certificate by `authority`, and a client that shows `shown`, if
// anything; the server's facts.
class AskingTlsTest : public StreamTlsTest {
 protected:
  TlsFacts facts_of(const test::TestCertificate* shown, const test::TestCertificate& authority) {
    const auto own = test::make_certificate({"DNS:mail.example"});
    const auto trusted = Certificate::from_pem(authority.certificate).value();
    server_context_ = TlsServerContext::create(*Certificate::from_pem(own.certificate).value(),
                                               own.key, TlsVersion::Tls12, trusted.get())
                          .value();
    client_context_ = TlsClientContext::create().value();
    if (shown != nullptr) show(*shown);
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
    secure_pair();
    return *server_.facts;
  }

 private:
  void show(const test::TestCertificate& pair) {
    SSL_CTX* const context = client_context_->handle();
    const std::string certificate = directory_.write("client.pem", pair.certificate);
    const std::string key = directory_.write("client.key", pair.key);
    ASSERT_EQ(SSL_CTX_use_certificate_chain_file(context, certificate.c_str()), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM), 1);
  }
};

TEST_F(AskingTlsTest, AVerifiedClientHasNames) {
  using Names = std::vector<std::string>;
  const auto both = test::make_certificate(
      {"email:anna@shop.example", "DNS:web1.example", "email:a@shop.example"}, "web1");
  TlsFacts facts = facts_of(&both, both);
  EXPECT_EQ(facts.trust, TlsTrust::Pkix) << facts.trust_error;
  EXPECT_EQ(facts.client_names, (Names{"anna@shop.example", "a@shop.example"}));
  const auto named = test::make_certificate({"DNS:web1.example"}, "web1");
  facts = facts_of(&named, named);
  EXPECT_EQ(facts.client_names, Names{"web1"});
}

TEST_F(AskingTlsTest, AClientWithoutACertificateOrWithAnotherIsServedWithoutNames) {
  const auto authority = test::make_certificate({}, "authority");
  TlsFacts facts = facts_of(nullptr, authority);
  EXPECT_EQ(facts.trust, TlsTrust::None);
  EXPECT_TRUE(facts.client_names.empty());
  const auto stranger = test::make_certificate({"email:anna@shop.example"}, "web1");
  facts = facts_of(&stranger, authority);
  EXPECT_EQ(facts.trust, TlsTrust::Unverified);
  EXPECT_NE(facts.trust_error, "");
  EXPECT_TRUE(facts.client_names.empty());
}

TEST_F(StreamTlsTest, SpeaksTls12WithForwardSecrecy) {
  SSL_CTX_set_max_proto_version(client_context_->handle(), TLS1_2_VERSION);
  secure_pair();
  EXPECT_EQ(server_.facts->version, "TLSv1.2");
  EXPECT_TRUE(server_.facts->cipher.starts_with("TLS_ECDHE_")) << server_.facts->cipher;
  const std::string sent = pattern(100'000);
  client_.send(sent);
  run_until([&] { return server_.received == sent; });
}

TEST_F(StreamTlsTest, RefusesWhatIsBelowItsMinimum) {
  make_contexts(TlsVersion::Tls13);
  SSL_CTX_set_max_proto_version(client_context_->handle(), TLS1_2_VERSION);
  connect_pair();
  server_.stream->start_tls_server(*server_context_);
  client_.stream->start_tls_client(*client_context_, kMail);
  run_until([this] { return server_.closed && client_.closed; });
  EXPECT_EQ(server_.events, (Events{"closed"}));
  EXPECT_EQ(server_.closed->code, Errc::TooOld);
  EXPECT_EQ(client_.closed->code, Errc::TooOld);
  EXPECT_NE(client_.closed->detail.find("handshake"), std::string::npos);
}

class OldServerTest : public StreamTlsTest {
 protected:
  void SetUp() override {
    StreamTlsTest::SetUp();
    SSL_CTX_set_security_level(server_context_->handle(), 0);
    SSL_CTX_set_min_proto_version(server_context_->handle(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(server_context_->handle(), TLS1_VERSION);
    SSL_CTX_set_cipher_list(server_context_->handle(), "ALL:@SECLEVEL=0");
  }
};

TEST_F(OldServerTest, IsToldFromOneThatBreaksTheProtocol) {
  connect_pair();
  server_.stream->start_tls_server(*server_context_);
  client_.stream->start_tls_client(*client_context_, kMail);
  run_until([this] { return client_.closed.has_value(); });
  EXPECT_EQ(client_.closed->code, Errc::TooOld);
}

TEST_F(OldServerTest, IsGoodEnoughForAClientThatExpectsNoMore) {
  TlsExpectation modest = kMail;
  modest.old_versions = true;
  secure_pair(modest);
  EXPECT_EQ(client_.facts->version, "TLSv1");
}

TEST_F(StreamTlsTest, IssuesNoTickets) {
  static int tickets;
  tickets = 0;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX* context = client_context_->handle();
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(context, [](SSL*, SSL_SESSION* session) {
      if (SSL_SESSION_has_ticket(session) == 1) ++tickets;
      return 0;
    });
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
    secure_pair();
    server_.send("x");  // tickets would have come before
    run_until([this] { return client_.received == "x"; });
    EXPECT_EQ(tickets, 0);
  }
}

TEST_F(StreamTlsTest, SendsThePendingReplyInClearBeforeTheHandshake) {
  connect_pair();
  client_.when_input = [this] {
    if (client_.received == "220 go\r\n") {
      client_.stream->start_tls_client(*client_context_, kMail);
      client_.send("EHLO again\r\n");  // waits for the handshake
    }
  };
  server_.when_input = [this] {
    if (server_.received != "STARTTLS\r\n") return;
    server_.stream->output().append("220 go\r\n");
    server_.stream->start_tls_server(*server_context_);
    server_.received.clear();
  };
  client_.send("STARTTLS\r\n");
  run_until([this] { return server_.received == "EHLO again\r\n"; });
  EXPECT_TRUE(server_.stream->secured());
  EXPECT_EQ(server_.events, (Events{"input", "secured", "input"}));
}

TEST_F(StreamTlsTest, ServerDiscardsInputInjectedAfterStartTls) {
  connect_pair();
  server_.consuming = false;
  server_.when_input = [this] {
    if (server_.stream->secured()) return;
    ASSERT_TRUE(server_.stream->input().view().starts_with("STARTTLS\r\n"));
    server_.stream->input().consume(10);
    server_.stream->output().append("220 go\r\n");
    server_.stream->start_tls_server(*server_context_);
    EXPECT_TRUE(server_.stream->input().empty());
  };
  client_.when_input = [this] { client_.stream->start_tls_client(*client_context_, kMail); };
  client_.send("STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n");
  run_until([this] { return client_.stream->secured() && server_.stream->secured(); });
  client_.when_input = nullptr;
  client_.send("NOOP\r\n");
  run_until([this] { return !server_.stream->input().empty(); });
  EXPECT_EQ(server_.stream->input().view(), "NOOP\r\n");
}

TEST_F(StreamTlsTest, ClientDiscardsInputInjectedAfterTheReply) {
  connect_pair();
  client_.consuming = false;
  client_.when_input = [this] {
    if (client_.stream->secured()) return;
    client_.stream->input().consume(8);
    client_.stream->start_tls_client(*client_context_, kMail);
    EXPECT_TRUE(client_.stream->input().empty());
  };
  server_.stream->output().append("220 go\r\n250-injected\r\n");
  server_.stream->start_tls_server(*server_context_);
  run_until([this] { return client_.stream->secured() && server_.stream->secured(); });
  server_.send("250 real\r\n");
  run_until([this] { return !client_.stream->input().empty(); });
  EXPECT_EQ(client_.stream->input().view(), "250 real\r\n");
}

TEST_F(StreamTlsTest, RefusesPlaintextInTheHandshake) {
  const int raw = connect_raw();
  server_.stream->start_tls_server(*server_context_);
  raw_send(raw, "EHLO client.example\r\n");
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.events, (Events{"closed"}));
  EXPECT_EQ(server_.closed->code, Errc::Protocol);
  EXPECT_FALSE(server_.stream->secured());
  ::close(raw);
}

TEST_F(StreamTlsTest, ReportsAPeerThatLeavesDuringTheHandshake) {
  const int raw = connect_raw();
  server_.stream->start_tls_server(*server_context_);
  ::close(raw);
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.events, (Events{"closed"}));
  EXPECT_EQ(server_.closed->code, Errc::PeerClosed);
}

TEST_F(StreamTlsTest, ClientReportsAServerThatAnswersInClear) {
  const int raw = connect_raw();  // the Stream plays the client on the accepted end
  server_.stream->start_tls_client(*client_context_, kMail);
  EXPECT_TRUE(server_.events.empty());
  raw_send(raw, "454 TLS not available\r\n");
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.closed->code, Errc::Protocol);
  ::close(raw);
}

TEST_F(StreamTlsTest, ASilentPeerCanBeGivenUpInTheHandshake) {
  const int raw = connect_raw();
  server_.stream->start_tls_server(*server_context_);
  raw_send(raw, "\x16\x03\x01");  // the first octets of a ClientHello, and no more
  settle();
  EXPECT_TRUE(server_.events.empty());
  server_.stream.reset();
  settle();
  EXPECT_TRUE(server_.events.empty());
  ::close(raw);
}

TEST_F(StreamTlsTest, CloseNotifyIsTheEnd) {
  secure_pair();
  server_.stream->output().append("221 bye\r\n");
  server_.stream->shut_down();
  run_until([this] { return client_.closed.has_value(); });
  EXPECT_EQ(client_.received, "221 bye\r\n");
  EXPECT_EQ(client_.closed->code, Errc::PeerClosed);
  client_.stream.reset();
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.closed->code, Errc::PeerClosed);
}

TEST_F(StreamTlsTest, AnEndWithoutCloseNotifyIsAnEndToo) {
  secure_pair();
  client_.send("QUIT\r\n");
  client_.stream.reset();
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.received, "QUIT\r\n");
  EXPECT_EQ(server_.closed->code, Errc::PeerClosed);
}

TEST_F(StreamTlsTest, BothMayShutDownAtOnce) {
  secure_pair();
  client_.stream->shut_down();
  server_.stream->shut_down();
  run_until([this] { return client_.closed && server_.closed; });
  EXPECT_EQ(client_.closed->code, Errc::PeerClosed);
  EXPECT_EQ(server_.closed->code, Errc::PeerClosed);
}

TEST_F(StreamTlsTest, ShutDownDuringTheHandshakeTakesEffectAfterIt) {
  connect_pair();
  server_.stream->start_tls_server(*server_context_);
  client_.stream->start_tls_client(*client_context_, kMail);
  server_.stream->shut_down();
  run_until([this] { return client_.closed.has_value(); });
  client_.stream.reset();
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.events, (Events{"closed"}));
}

TEST_F(StreamTlsTest, StopsReadingWhenNobodyConsumesAndContinuesLater) {
  const std::string sent = pattern(1 << 20);
  secure_pair();
  server_.consuming = false;
  client_.send(sent);
  run_until([this] { return server_.stream->input().size() >= Stream::kMaxInput; });
  settle();
  EXPECT_LT(server_.stream->input().size(), Stream::kMaxInput + 17 * 1024);
  server_.consuming = true;
  server_.take();
  run_until([&] { return server_.received.size() == sent.size(); });
  EXPECT_TRUE(server_.received == sent);
}

// The last records are inside OpenSSL when reading stops: the socket will not become readable for
// them.
TEST_F(StreamTlsTest, HandsOverWhatOpenSslHoldsWhenReadingContinues) {
  for (std::size_t size = Stream::kMaxInput; size < Stream::kMaxInput + 20'000; size += 1'111) {
    SCOPED_TRACE(size);
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
    secure_pair();
    server_.consuming = false;
    const std::string sent = pattern(size);
    client_.send(sent);
    run_until([this] { return server_.stream->input().size() >= Stream::kMaxInput; });
    settle();
    server_.consuming = true;
    server_.take();
    run_until([&] { return server_.received.size() == sent.size(); });
    ASSERT_TRUE(server_.received == sent);
  }
}

// In clear and under TLS, with room for little in the sockets.
class StreamTransferTest : public StreamFixture, public ::testing::WithParamInterface<bool> {};

TEST_P(StreamTransferTest, MovesMuchBothWaysAtOnce) {
  small_buffers_ = true;
  const std::string up = pattern(3 << 20);
  const std::string down = pattern((2 << 20) + 12'345);
  if (GetParam()) {
    make_contexts();
    secure_pair();
  } else {
    connect_pair();
  }
  std::size_t given = 0;
  const auto feed = [&] {  // the client sends in chunks, as a delivery does
    while (given < up.size() && client_.stream->unsent() < Stream::kLowWater) {
      const std::string_view chunk = std::string_view(up).substr(given, 50'000);
      given += chunk.size();
      client_.stream->output().append(chunk);
      client_.stream->flush();
    }
  };
  client_.when_writable = feed;
  feed();
  server_.send(down);
  run_until([&] {
    return server_.received.size() >= up.size() && client_.received.size() >= down.size();
  });
  EXPECT_TRUE(server_.received == up);
  EXPECT_TRUE(client_.received == down);
}

TEST_P(StreamTransferTest, ShutDownSendsTheRestFirst) {
  small_buffers_ = true;
  const std::string sent = pattern(1 << 20);
  if (GetParam()) {
    make_contexts();
    secure_pair();
  } else {
    connect_pair();
  }
  server_.stream->output().append(sent);
  server_.stream->shut_down();
  client_.send("this is not read");
  run_until([this] { return client_.closed.has_value(); });
  EXPECT_TRUE(client_.received == sent);
  client_.stream.reset();
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.received, "");
}

INSTANTIATE_TEST_SUITE_P(ClearAndTls, StreamTransferTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Tls" : "Clear"; });

}  // namespace
}  // namespace signpost::net
