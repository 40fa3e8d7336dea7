#include "admin/request_target.h"

#include <gtest/gtest.h>

namespace signpost::admin {
namespace {

using Pairs = HttpRequest::Pairs;

TEST(RequestTarget, IsAPathWithoutAQuery) {
  const RequestTarget target = parse_request_target("/api/v1/queue");
  EXPECT_EQ(target.path, "/api/v1/queue");
  EXPECT_EQ(target.query, Pairs{});
}

TEST(RequestTarget, PathAndParametersAreDecoded) {
  const RequestTarget target = parse_request_target("/a%20b%2Fc?to=x%40y.example&from=%3C%3e");
  EXPECT_EQ(target.path, "/a b/c");
  EXPECT_EQ(target.query, (Pairs{{"to", "x@y.example"}, {"from", "<>"}}));
}

TEST(RequestTarget, DelimitersCountBeforeTheyAreDecoded) {
  const RequestTarget target = parse_request_target("/a%3Fb?c%26d%3De=f%26g=h");
  EXPECT_EQ(target.path, "/a?b");
  EXPECT_EQ(target.query, (Pairs{{"c&d=e", "f&g=h"}}));
}

TEST(RequestTarget, APlusIsABlankInTheQueryOnly) {
  const RequestTarget target = parse_request_target("/a+b?c+d=e+f%2Bg");
  EXPECT_EQ(target.path, "/a+b");
  EXPECT_EQ(target.query, (Pairs{{"c d", "e f+g"}}));
}

TEST(RequestTarget, AParameterMayHaveNoValueAndNoName) {
  EXPECT_EQ(parse_request_target("/?a&b=&=c&&").query, (Pairs{{"a", ""}, {"b", ""}, {"", "c"}}));
  EXPECT_EQ(parse_request_target("/?").query, Pairs{});
}

// RFC 9112 section 3.2.2: a server has to take what is sent to a proxy.
TEST(RequestTarget, AWholeUriIsItsAuthorityAndItsPath) {
  const RequestTarget target = parse_request_target("HTTP://relay.example:8025/a%20b?c=d/e");
  EXPECT_EQ(target.authority, "relay.example:8025");
  EXPECT_EQ(target.path, "/a b");
  EXPECT_EQ(target.query, (Pairs{{"c", "d/e"}}));
  EXPECT_EQ(parse_request_target("http://h").path, "/");
  EXPECT_EQ(parse_request_target("http://h?a=b").path, "/");
  EXPECT_EQ(parse_request_target("http://h?a=b/c").query, (Pairs{{"a", "b/c"}}));
  EXPECT_EQ(parse_request_target("http:///healthz").authority, "");
  for (const char* text : {"/http://h/x", "ftp://h/x", "//h/x", "h:80", "*"}) {
    EXPECT_FALSE(parse_request_target(text).authority) << text;
    EXPECT_EQ(parse_request_target(text).path, text);
  }
}

TEST(RequestTarget, WhatIsNotEncodedStandsForItself) {
  EXPECT_EQ(parse_request_target("/%zz%4").path, "/%zz%4");
  EXPECT_EQ(parse_request_target("/%-1%+1% 1").path, "/%-1%+1% 1");
  EXPECT_EQ(parse_request_target("%").path, "%");
}

TEST(RequestTarget, AnEncodedNulDoesNotCutTheText) {
  EXPECT_EQ(parse_request_target("/healthz%00x").path, std::string("/healthz\0x", 10));
}

}  // namespace
}  // namespace signpost::admin
