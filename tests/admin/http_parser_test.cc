#include "admin/http_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::admin {
namespace {

using Step = HttpParser::Step;

const std::string kStart = "POST /a?b=c HTTP/1.1\r\nHost: h\r\n";

// One request, which comes in pieces as given.
class Reader {
 public:
  explicit Reader(HttpLimits limits = {}) : limits_(limits), parser_(limits_) {}

  Step read(std::string_view piece = "") {
    waiting_ += piece;
    std::string_view rest = waiting_;
    const Step step = parser_.read(rest);
    waiting_ = rest;
    return step;
  }
  // Until it is complete or refused, or starves.
  Step read_all(std::string_view piece) {
    const Step step = read(piece);
    return step == Step::Head ? read() : step;
  }
  int status() const { return parser_.refusal().status; }
  HttpParser* operator->() { return &parser_; }
  const std::string& waiting() const { return waiting_; }

 private:
  const HttpLimits limits_;
  HttpParser parser_;
  std::string waiting_;
};

// The status that it is refused with; 0: it is not.
int refusal_of(std::string_view text, HttpLimits limits = {}) {
  Reader reader(limits);
  return reader.read_all(text) == Step::Refused ? reader.status() : 0;
}

TEST(HttpParser, ARequestIsItsHeadAndItsBody) {
  Reader reader;
  EXPECT_EQ(reader.read(kStart + "Content-Length: 3\r\n\r\nxyz"), Step::Head);
  EXPECT_EQ(reader->request().method, "POST");
  EXPECT_EQ(reader->request().path, "/a");
  EXPECT_EQ(reader->request().parameter("b"), "c");
  EXPECT_EQ(reader->request().header("host"), "h");
  EXPECT_EQ(reader.read(), Step::Complete);
  EXPECT_EQ(reader->request().body, "xyz");
}

TEST(HttpParser, AWholeUriNamesTheHost) {
  Reader reader;
  EXPECT_EQ(reader.read("GET http://relay.example/healthz HTTP/1.1\r\nHost: other\r\n\r\n"),
            Step::Head);
  EXPECT_EQ(reader->request().path, "/healthz");
  EXPECT_EQ(reader->request().host(), "relay.example");
  EXPECT_EQ(refusal_of("GET http:///healthz HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET http://h/healthz HTTP/1.1\r\n\r\n"), 400) << "without Host";
}

TEST(HttpParser, PiecesOfOneOctetMakeTheSameRequest) {
  Reader reader;
  const std::string text = kStart +
                           "Transfer-Encoding: chunked\r\n\r\n"
                           "3;x=\"y\"\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: t\r\n\r\n";
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const Step step = reader.read(text.substr(i, 1));
    if (step == Step::Head) {
      EXPECT_EQ(reader.read(), Step::NeedsMore);
    }
    ASSERT_NE(step, Step::Refused) << i << ": " << reader->refusal().body;
  }
  EXPECT_EQ(reader.read(text.substr(text.size() - 1)), Step::Complete);
  EXPECT_EQ(reader->request().body, "abc0123456789abcdef");
  EXPECT_EQ(reader->request().headers.size(), 2U) << "no field after the body";
}

TEST(HttpParser, AnEmptyChunkedBodyMayComeInPieces) {
  Reader reader;
  EXPECT_EQ(reader.read_all(kStart + "Transfer-Encoding: chunked\r\n\r\n0\r\n"), Step::NeedsMore);
  EXPECT_EQ(reader.read("\r"), Step::NeedsMore);
  EXPECT_EQ(reader.read("\n"), Step::Complete);
  EXPECT_EQ(reader->request().body, "");
}

TEST(HttpParser, TheNextRequestIsLeft) {
  Reader reader;
  EXPECT_EQ(reader.read_all("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /next"), Step::Complete);
  EXPECT_EQ(reader.waiting(), "GET /next");
}

TEST(HttpParser, EmptyLinesBeforeARequestAreIgnored) {
  Reader reader;
  EXPECT_EQ(reader.read("\r\n\r\n"), Step::NeedsMore);
  EXPECT_EQ(reader.waiting(), "");
  EXPECT_EQ(reader.read_all("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), Step::Complete);
}

TEST(HttpParser, TheClientSaysWhetherItSendsAnother) {
  const auto keeps = [](const std::string& rest) {
    Reader reader;
    EXPECT_EQ(reader.read_all("GET / HTTP/" + rest + "\r\n\r\n"), Step::Complete);
    return reader->keeps_connection();
  };
  EXPECT_TRUE(keeps("1.1\r\nHost: h"));
  EXPECT_FALSE(keeps("1.1\r\nHost: h\r\nConnection: close"));
  EXPECT_FALSE(keeps("1.0"));
  EXPECT_TRUE(keeps("1.0\r\nConnection: Keep-Alive"));
}

TEST(HttpParser, ABodyIsRequestedOnceIfTheClientWaitsForIt) {
  const std::string head = kStart + "Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n";
  Reader waiting;
  EXPECT_EQ(waiting.read_all(head), Step::NeedsMore);
  EXPECT_TRUE(waiting->take_expectation());
  EXPECT_FALSE(waiting->take_expectation());
  Reader hasty;
  EXPECT_EQ(hasty.read_all(head + "x"), Step::NeedsMore);
  EXPECT_FALSE(hasty->take_expectation());
  Reader old;
  EXPECT_EQ(old.read_all("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"),
            Step::NeedsMore);
  EXPECT_FALSE(old->take_expectation());
}

TEST(HttpParser, WhatIsNotARequestIsRefused) {
  EXPECT_EQ(refusal_of("EHLO x\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET /\r\n\r\n"), 400) << "HTTP/0.9";
  EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\nA B: c\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost : h\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("\x16\x03\x01\x02"), 400) << "TLS";
}

TEST(HttpParser, ExactlyOneHostIsRequired) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\n\r\n"), 0);
  EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
}

TEST(HttpParser, TheEndOfABodyIsUnambiguous) {
  const auto status = [](const std::string& fields) {
    return refusal_of(kStart + fields + "\r\n\r\n");
  };
  EXPECT_EQ(status("Content-Length: x"), 400);
  EXPECT_EQ(status("Content-Length: -1"), 400);
  EXPECT_EQ(status("Content-Length: 99999999999999999999"), 400);
  EXPECT_EQ(status("Content-Length: 1\r\nContent-Length: 2"), 400);
  EXPECT_EQ(status("Content-Length: 1\r\nTransfer-Encoding: chunked"), 400);
  EXPECT_EQ(status("Transfer-Encoding: chunked\r\nContent-Length: 1"), 400);
  EXPECT_EQ(status("Transfer-Encoding: gzip"), 501);
  EXPECT_EQ(status("Transfer-Encoding: gzip, chunked"), 501);
  EXPECT_EQ(status("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"), 501);
  EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 501);
  EXPECT_EQ(refusal_of(kStart + "Transfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n"), 400);
}

TEST(HttpParser, AHeadIsBounded) {
  const HttpLimits limits{.head = 200};
  const std::string field = "X: " + std::string(20, 'x') + "\r\n";
  std::string fields;
  for (int i = 0; i < 8; ++i) fields += field;
  EXPECT_EQ(refusal_of("GET /" + std::string(200, 'x'), limits), 414);
  EXPECT_EQ(refusal_of(kStart + fields, limits), 431);
  EXPECT_EQ(refusal_of(kStart + std::string(170, 'x'), limits), 431);
  EXPECT_EQ(refusal_of(kStart + field + "\r\n", limits), 0);
  EXPECT_EQ(
      refusal_of("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(168, 'x') + "\r\n\r\n", limits),
      0)
      << "200 octets in all";
  EXPECT_EQ(
      refusal_of("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(169, 'x') + "\r\n\r\n", limits),
      431);
}

TEST(HttpParser, AHeadIsBoundedHoweverItComes) {
  for (const std::size_t piece : {1U, 2U, 7U, 10U}) {
    Reader reader({.head = 1000, .fields = 1000});
    EXPECT_EQ(reader.read(kStart), Step::NeedsMore);
    std::size_t sent = kStart.size();
    const std::string field = "X: 5678\r\n";
    Step step = Step::NeedsMore;
    for (std::size_t i = 0; step == Step::NeedsMore && sent < 5000; i += piece) {
      std::string octets;
      for (std::size_t j = 0; j < piece; ++j) octets += field[(i + j) % field.size()];
      step = reader.read(octets);
      sent += piece;
    }
    EXPECT_EQ(step, Step::Refused) << piece;
    EXPECT_LE(sent, 1000 + piece) << piece;
  }
}

TEST(HttpParser, FieldsAndParametersAreBounded) {
  const HttpLimits limits{.fields = 3};
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\na:b\r\na:b\r\n\r\n", limits), 0);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\na:b\r\na:b\r\na:b\r\n\r\n", limits), 431);
  EXPECT_EQ(refusal_of("GET /?a&b&c HTTP/1.1\r\nHost: h\r\n\r\n", limits), 0);
  EXPECT_EQ(refusal_of("GET /?a&b&c&d HTTP/1.1\r\nHost: h\r\n\r\n", limits), 414);
}

TEST(HttpParser, ABodyIsBoundedAndTheHeadComesFirst) {
  const HttpLimits limits{.body = 20};
  Reader announced(limits);
  EXPECT_EQ(announced.read(kStart + "Content-Length: 21\r\n\r\n"), Step::Head);
  EXPECT_EQ(announced.read(), Step::Refused);
  EXPECT_EQ(announced.status(), 413);
  const std::string chunked = kStart + "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\na\r\n";
  EXPECT_EQ(refusal_of(chunked + "0123456789\r\n0\r\n\r\n", limits), 0);
  EXPECT_EQ(refusal_of(chunked + "0123456789\r\n1\r\n", limits), 413);
  EXPECT_EQ(refusal_of(kStart + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", limits),
            413);
}

TEST(HttpParser, WhatSurroundsAChunkIsBounded) {
  const std::string head = kStart + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(refusal_of(head + "1;" + std::string(300, 'x'), {.head = 200}), 400);
  EXPECT_EQ(refusal_of(head + "0\r\nX: " + std::string(300, 'x'), {.head = 200}), 400);
}

TEST(HttpParser, AFieldAfterTheBodyChangesNothing) {
  Reader reader;
  EXPECT_EQ(
      reader.read_all(kStart + "Transfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: x\r\n\r\n"),
      Step::Complete);
  EXPECT_EQ(reader->request().header("Authorization"), "");
}

}  // namespace
}  // namespace signpost::admin
