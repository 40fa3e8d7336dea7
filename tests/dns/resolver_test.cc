#include "dns/resolver.h"

#include "tests/dns/name_server.h"
#include "tests/dns/resolver_fixture.h"

namespace signpost::dns {
namespace {

using std::string_literals::operator""s;
using std::chrono::milliseconds;
using List = std::vector<std::string>;

const std::string kOwner = pointer(Packet::kQuestionName);

class ResolverTest : public ResolverFixture {
 protected:
  ResolverTest() {
    options_.timeout = milliseconds(2000);
    options_.tries = 1;
  }
  void serve(NameServer::Script script) {
    server_ = std::make_unique<NameServer>(loop_, std::move(script));
    open({server_->address()});
  }
  std::size_t asked() const { return server_->asked.size(); }

  std::unique_ptr<NameServer> server_;
};

std::string a_record(const AskedQuestion& question, std::uint32_t ttl = 300) {
  Packet packet(question.name, question.type);
  if (question.type == kTypeA) packet.answer(kOwner, kTypeA, ttl, "\xc0\x00\x02\x01"s);
  if (question.type == kTypeMx) {
    packet.answer(kOwner, kTypeMx, ttl, u16(10) + wire_name("mx.example"));
  }
  return packet.bytes();
}

TEST_F(ResolverTest, ServfailIsTemporaryAndNeverTheDomainItself) {
  serve([](const AskedQuestion& q) { return Packet(q.name, q.type).rcode(2).bytes(); });
  const MxAnswer answer = mail_exchangers("a.example");
  EXPECT_EQ(answer.outcome, MxAnswer::Outcome::Temporary);
  EXPECT_NE(answer.detail.find("SERVFAIL"), std::string::npos) << answer.detail;
  EXPECT_TRUE(answer.hosts.empty());
  EXPECT_EQ(addresses("a.example").status, Status::Temporary);
}

TEST_F(ResolverTest, RefusedIsTemporary) {
  serve([](const AskedQuestion& q) { return Packet(q.name, q.type).rcode(5).bytes(); });
  const MxAnswer answer = mail_exchangers("a.example");
  EXPECT_EQ(answer.outcome, MxAnswer::Outcome::Temporary);
  EXPECT_NE(answer.detail.find("refuse"), std::string::npos) << answer.detail;
}

TEST_F(ResolverTest, SilenceIsTemporary) {
  options_.timeout = milliseconds(20);
  options_.tries = 2;
  serve([](const AskedQuestion&) { return ""; });
  const MxAnswer answer = mail_exchangers("a.example");
  EXPECT_EQ(answer.outcome, MxAnswer::Outcome::Temporary);
  EXPECT_EQ(answer.detail, "the name servers do not answer");
  EXPECT_EQ(asked(), 2U);
}

TEST_F(ResolverTest, ANameServerThatIsNotThereIsTemporary) {
  net::SocketAddress nobody;
  {
    const NameServer gone(loop_, [](const AskedQuestion&) { return ""; });
    nobody = gone.address();
  }
  options_.timeout = milliseconds(200);
  open({nobody});
  EXPECT_EQ(mail_exchangers("a.example").outcome, MxAnswer::Outcome::Temporary);
}

TEST_F(ResolverTest, AsksTheNextServerAfterAFailure) {
  NameServer broken(loop_,
                    [](const AskedQuestion& q) { return Packet(q.name, q.type).rcode(2).bytes(); });
  server_ = std::make_unique<NameServer>(loop_, [](const AskedQuestion& q) { return a_record(q); });
  open({broken.address(), server_->address()});
  EXPECT_EQ(addresses("a.example").status, Status::Ok);
  EXPECT_FALSE(broken.asked.empty());
}

TEST_F(ResolverTest, GarbageIsTemporary) {
  // The question is the right one, the record is not.
  serve([](const AskedQuestion& q) {
    return Packet(q.name, q.type).answer(kOwner, kTypeMx, 60, "\1"s).bytes();
  });
  const MxAnswer answer = mail_exchangers("a.example");
  EXPECT_EQ(answer.outcome, MxAnswer::Outcome::Temporary);
  EXPECT_EQ(answer.detail, "an answer with a malformed record");
}

TEST_F(ResolverTest, AnUnknownRcodeIsTemporary) {
  serve([](const AskedQuestion& q) { return Packet(q.name, q.type).rcode(9).bytes(); });
  const MxAnswer answer = mail_exchangers("a.example");
  EXPECT_EQ(answer.outcome, MxAnswer::Outcome::Temporary);
  EXPECT_EQ(answer.detail, "answer with rcode 9");
}

TEST_F(ResolverTest, FollowsAChainIntoOtherZones) {
  serve([](const AskedQuestion& q) {
    return Packet(q.name, q.type)
        .answer(kOwner, 5, 60, wire_name("b.other"))
        .answer(wire_name("b.other"), 5, 60, wire_name("c.third"))
        .answer(wire_name("c.third"), kTypeMx, 60, u16(10) + wire_name("mx.third"))
        .bytes();
  });
  EXPECT_EQ(mail_exchangers("a.example").hosts, (std::vector<MxHost>{{10, "mx.third"}}));
}

TEST_F(ResolverTest, AnswersToOtherQuestionsDoNotCount) {
  options_.timeout = milliseconds(50);
  serve([](const AskedQuestion& q) { return a_record({q.id, q.flags, "other.example", q.type}); });
  EXPECT_EQ(mail_exchangers("a.example").outcome, MxAnswer::Outcome::Temporary);
}

TEST_F(ResolverTest, AsksForValidationAndLargeAnswers) {
  serve([](const AskedQuestion& q) { return a_record(q); });
  (void)mail_exchangers("a.example");
  ASSERT_EQ(asked(), 1U);
  EXPECT_EQ(server_->asked[0].flags, 0x0120U) << "RD and AD";
}

TEST_F(ResolverTest, AnswersQuestionsOfAllTypes) {
  serve([](const AskedQuestion& q) {
    Packet packet(q.name, q.type);
    if (q.type == kTypeAaaa) {
      packet.answer(kOwner, kTypeAaaa, 60, "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07");
    } else if (q.type == kTypeTxt) {
      packet.answer(kOwner, kTypeTxt, 60, "\5v=TLS\3Rv1"s);
    } else if (q.type == kTypeCname) {
      packet.answer(kOwner, kTypeCname, 60, wire_name("b.example"));
    } else if (q.type == kTypeTlsa) {
      packet.answer(kOwner, kTypeTlsa, 60, "\3\1\1hash");
    } else {
      return a_record(q);
    }
    return packet.bytes();
  });
  const auto address = [](const char* text) { return Addresses{*net::IpAddress::parse(text)}; };
  const std::string name = "A.Example.";
  EXPECT_EQ(records_of<Addresses>(ask({RecordType::A, name})), address("192.0.2.1"));
  EXPECT_EQ(records_of<Addresses>(ask({RecordType::Aaaa, name})), address("2001:db8::7"));
  EXPECT_EQ(records_of<MxHosts>(ask({RecordType::Mx, name})), (MxHosts{{10, "mx.example"}}));
  EXPECT_EQ(records_of<Texts>(ask({RecordType::Txt, name})), (Texts{"v=TLSRv1"}));
  EXPECT_EQ(records_of<Aliases>(ask({RecordType::Cname, name})), (Aliases{{"b.example"}}));
  EXPECT_EQ(records_of<Tlsas>(ask({RecordType::Tlsa, "_25._tcp." + name})),
            (Tlsas{{3, 1, 1, "hash"}}));
  EXPECT_EQ(asked(), 6U);
  EXPECT_EQ(server_->asked[0].name, "a.example");
}

TEST_F(ResolverTest, SaysHowLongAnAnswerHolds) {
  serve([](const AskedQuestion& q) { return a_record(q, 300); });
  EXPECT_EQ(ask({RecordType::Mx, "a.example"}).ttl, std::chrono::seconds(300));
  clock_.advance(std::chrono::seconds(40));
  EXPECT_EQ(ask({RecordType::Mx, "a.example"}).ttl, std::chrono::seconds(260));
  EXPECT_EQ(mail_exchangers("a.example").ttl, std::chrono::seconds(260));
  EXPECT_EQ(asked(), 1U);
  EXPECT_EQ(ask({RecordType::A, "192.0.2.1"}).ttl, options_.max_ttl);
}

TEST_F(ResolverTest, BelievesAValidatingServerOnLoopback) {
  const auto authenticated = [&](TrustAd trust_ad, unsigned flags) {
    options_.trust_ad = trust_ad;
    serve([flags](const AskedQuestion& q) {
      return Packet(q.name, q.type)
          .flag(flags)
          .answer(kOwner, kTypeMx, 300, u16(10) + wire_name("mx.example"))
          .bytes();
    });
    const bool first = mail_exchangers("a.example").authenticated;
    EXPECT_EQ(mail_exchangers("a.example").authenticated, first) << "out of the cache";
    EXPECT_EQ(resolver_->trusts_validation(), trust_ad != TrustAd::Never);
    return first;
  };
  EXPECT_TRUE(authenticated(TrustAd::Auto, kFlagAd));
  EXPECT_TRUE(authenticated(TrustAd::Always, kFlagAd));
  EXPECT_FALSE(authenticated(TrustAd::Never, kFlagAd));
  EXPECT_FALSE(authenticated(TrustAd::Auto, 0));
  EXPECT_FALSE(authenticated(TrustAd::Always, 0));
}

TEST_F(ResolverTest, AsksOnceForWhatItKnows) {
  serve([](const AskedQuestion& q) { return a_record(q); });
  (void)mail_exchangers("a.example");
  (void)mail_exchangers("A.Example.");
  EXPECT_EQ(asked(), 1U);
  (void)addresses("a.example");
  EXPECT_EQ(asked(), 3U);
  EXPECT_EQ(text(addresses("a.example").addresses), (List{"192.0.2.1"}));
  EXPECT_EQ(asked(), 3U);
  EXPECT_EQ(resolver_->cache_size(), 3U);
}

TEST_F(ResolverTest, AsksAgainWhenTheAnswerHasExpired) {
  serve([](const AskedQuestion& q) { return a_record(q, 300); });
  (void)mail_exchangers("a.example");
  clock_.advance(std::chrono::seconds(299));
  (void)mail_exchangers("a.example");
  EXPECT_EQ(asked(), 1U);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(ask({RecordType::Mx, "a.example"}).ttl, std::chrono::seconds(300));
  EXPECT_EQ(asked(), 2U);
}

TEST_F(ResolverTest, AsksAgainForWhatMayNotBeKept) {
  serve([](const AskedQuestion& q) { return a_record(q, 0); });
  (void)mail_exchangers("a.example");
  (void)mail_exchangers("a.example");
  EXPECT_EQ(asked(), 2U);
  EXPECT_EQ(resolver_->cache_size(), 0U);
}

TEST_F(ResolverTest, RemembersNegativeAnswers) {
  serve(
      [](const AskedQuestion& q) { return Packet(q.name, q.type).rcode(3).soa(600, 300).bytes(); });
  EXPECT_EQ(mail_exchangers("no.example").outcome, MxAnswer::Outcome::NxDomain);
  EXPECT_EQ(mail_exchangers("no.example").outcome, MxAnswer::Outcome::NxDomain);
  EXPECT_EQ(asked(), 1U);
}

TEST_F(ResolverTest, RemembersFailuresForAWhile) {
  serve([](const AskedQuestion& q) { return Packet(q.name, q.type).rcode(2).bytes(); });
  (void)mail_exchangers("a.example");
  EXPECT_EQ(mail_exchangers("a.example").outcome, MxAnswer::Outcome::Temporary);
  EXPECT_EQ(asked(), 1U);
}

TEST_F(ResolverTest, ForgetsFailuresAtOnceIfConfigured) {
  options_.temporary_ttl = std::chrono::seconds(0);
  serve([](const AskedQuestion& q) { return Packet(q.name, q.type).rcode(2).bytes(); });
  (void)mail_exchangers("a.example");
  (void)mail_exchangers("a.example");
  EXPECT_EQ(asked(), 2U);
}

TEST_F(ResolverTest, KeepsNoMoreThanItIsAllowedTo) {
  options_.cache_entries = 2;
  serve([](const AskedQuestion& q) { return a_record(q); });
  for (const std::string name : {"a.example", "b.example", "c.example"}) {
    (void)mail_exchangers(name);
  }
  EXPECT_EQ(resolver_->cache_size(), 2U);
}

TEST_F(ResolverTest, EqualQuestionsUnderWayAreAskedOnce) {
  serve([](const AskedQuestion& q) { return a_record(q); });
  int answers = 0;
  std::vector<QueryHandle> queries;
  for (int i = 0; i < 50; ++i) {
    queries.push_back(resolver_->mail_exchangers("a.example", [&](const MxAnswer& answer) {
      EXPECT_EQ(answer.outcome, MxAnswer::Outcome::Hosts);
      ++answers;
      check();
    }));
  }
  run_until([&] { return answers == 50; });
  EXPECT_EQ(asked(), 1U);
}

TEST_F(ResolverTest, QuestionsBeyondThoseUnderWayWaitForTheirTurn) {
  options_.max_queries = 3;
  std::size_t most = 0;
  std::size_t answered = 0;
  serve([&](const AskedQuestion& q) {
    most = std::max(most, asked() - answered);
    return a_record(q);
  });
  std::vector<QueryHandle> queries;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example";
    queries.push_back(resolver_->mail_exchangers(name, [&](const MxAnswer& answer) {
      EXPECT_EQ(answer.outcome, MxAnswer::Outcome::Hosts) << answer.detail;
      ++answered;
      check();
    }));
  }
  queries.erase(queries.begin() + 8);  // nobody is waiting any more
  run_until([&] { return answered == 9; });
  EXPECT_LE(most, 3U);
  EXPECT_EQ(asked(), 9U);
}

TEST_F(ResolverTest, RefusesToHaveTooManyQuestionsWaiting) {
  options_.max_queries = 1;
  options_.max_waiting = 3;
  serve([](const AskedQuestion& q) { return a_record(q); });
  std::vector<QueryHandle> queries;
  int good = 0;
  List refused;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example";
    queries.push_back(resolver_->mail_exchangers(name, [&](const MxAnswer& answer) {
      if (answer.outcome == MxAnswer::Outcome::Hosts) {
        ++good;
      } else {
        refused.push_back(answer.detail);
      }
      check();
    }));
  }
  run_until([&] { return good + static_cast<int>(refused.size()) == 10; });
  EXPECT_EQ(good, 3);
  EXPECT_EQ(refused, List(7, "too many DNS queries are waiting"));
  // Refusals are not remembered.
  EXPECT_EQ(mail_exchangers("n9.example").outcome, MxAnswer::Outcome::Hosts);
}

TEST_F(ResolverTest, ADestroyedQueryGetsNoAnswer) {
  serve([](const AskedQuestion& q) { return a_record(q); });
  bool told = false;
  auto dropped = resolver_->mail_exchangers("a.example", [&](const MxAnswer&) { told = true; });
  auto dropped_too = resolver_->addresses("a.example", [&](const AddressAnswer&) { told = true; });
  dropped.reset();
  dropped_too.reset();
  // The same question, which joins the one under way.
  EXPECT_EQ(mail_exchangers("a.example").outcome, MxAnswer::Outcome::Hosts);
  EXPECT_FALSE(told);
  EXPECT_EQ(text(addresses("a.example").addresses), (List{"192.0.2.1"}));
  EXPECT_FALSE(told);
}

TEST_F(ResolverTest, AQueryMayBeDestroyedByItsOwnCallback) {
  serve([](const AskedQuestion& q) { return a_record(q); });
  QueryHandle mx;
  QueryHandle address;
  int told = 0;
  mx = resolver_->mail_exchangers("a.example", [&](const MxAnswer&) {
    mx.reset();
    ++told;
    address = resolver_->addresses("a.example", [&](const AddressAnswer&) {
      address.reset();
      ++told;
      check();
    });
  });
  run_until([&] { return told == 2; });
}

TEST_F(ResolverTest, MayBeDestroyedByACallback) {
  serve([](const AskedQuestion& q) { return a_record(q); });
  QueryHandle first;
  QueryHandle second;
  bool told = false;
  const auto end = [&](const MxAnswer&) {
    EXPECT_FALSE(told);
    told = true;
    first.reset();
    second.reset();
    resolver_.reset();
    check();
  };
  first = resolver_->mail_exchangers("a.example", end);
  second = resolver_->mail_exchangers("a.example", end);
  run_until([&] { return told; });
}

TEST_F(ResolverTest, MayBeDestroyedWithQueriesUnderWay) {
  serve([](const AskedQuestion&) { return ""; });
  bool told = false;
  {
    const QueryHandle query =
        resolver_->mail_exchangers("a.example", [&](const MxAnswer&) { told = true; });
    run_until([&] {
      loop_.defer([&] { check(); });
      return !server_->asked.empty();
    });
  }
  resolver_.reset();
  loop_.post([&] { loop_.stop(); });
  loop_.run();
  EXPECT_FALSE(told);
}

TEST_F(ResolverTest, WhatIsNotANameDoesNotExist) {
  serve([](const AskedQuestion& q) { return a_record(q); });
  for (const std::string& name : {"b\xc3\xbc"
                                  "cher.example"s,
                                  "a b.example"s, ""s, "a\0b"s, std::string(300, 'a')}) {
    EXPECT_EQ(mail_exchangers(name).outcome, MxAnswer::Outcome::NxDomain) << name;
    EXPECT_EQ(addresses(name).status, Status::NxDomain) << name;
  }
  EXPECT_EQ(asked(), 0U);
}

TEST_F(ResolverTest, AnAddressIsItsOwnAnswer) {
  serve([](const AskedQuestion& q) { return a_record(q); });
  EXPECT_EQ(text(addresses("192.0.2.7").addresses), (List{"192.0.2.7"}));
  EXPECT_EQ(text(addresses("2001:db8::7").addresses), (List{"2001:db8::7"}));
  EXPECT_EQ(text(addresses("localhost").addresses), (List{"::1", "127.0.0.1"}));
  EXPECT_EQ(asked(), 0U);
}

TEST_F(ResolverTest, OneFamilysAddressesAreEnough) {
  serve([](const AskedQuestion& q) {
    return q.type == kTypeAaaa ? Packet(q.name, q.type).rcode(2).bytes() : a_record(q);
  });
  const AddressAnswer answer = addresses("a.example");
  EXPECT_EQ(answer.status, Status::Ok);
  EXPECT_EQ(text(answer.addresses), (List{"192.0.2.1"}));
}

TEST_F(ResolverTest, HalfAnAnswerIsNotFinal) {
  serve([](const AskedQuestion& q) {
    Packet packet(q.name, q.type);
    return q.type == kTypeAaaa ? packet.soa(60, 60).bytes() : packet.rcode(2).bytes();
  });
  const AddressAnswer answer = addresses("a.example");
  EXPECT_EQ(answer.status, Status::Temporary);
  EXPECT_NE(answer.detail.find("SERVFAIL"), std::string::npos) << answer.detail;
}

TEST_F(ResolverTest, DoesNotBelieveThatANameIsGoneForOneFamily) {
  serve([](const AskedQuestion& q) {
    Packet packet(q.name, q.type);
    return q.type == kTypeAaaa ? packet.rcode(3).soa(60, 60).bytes() : packet.soa(60, 60).bytes();
  });
  EXPECT_EQ(addresses("a.example").status, Status::NoData);
}

TEST_F(ResolverTest, BoundsWhatItKeepsOfAnAnswer) {
  serve([](const AskedQuestion& q) {
    Packet packet(q.name, q.type);
    for (unsigned i = 0; q.type == kTypeA && i < 60; ++i) {
      packet.answer(kOwner, kTypeA, 60, "\xc0\x00\x02"s + static_cast<char>(i));
    }
    return packet.bytes();
  });
  EXPECT_EQ(addresses("a.example").addresses.size(), 32U);
}

TEST_F(ResolverTest, CountsTheOutcomesOfItsQuestions) {
  serve([](const AskedQuestion& q) {
    if (q.name == "no.example") return Packet(q.name, q.type).rcode(3).soa(60, 60).bytes();
    if (q.name == "empty.example") return Packet(q.name, q.type).soa(60, 60).bytes();
    if (q.name == "broken.example") return Packet(q.name, q.type).rcode(2).bytes();
    return a_record(q);
  });
  for (const std::string name :
       {"a.example", "a.example", "no.example", "empty.example", "broken.example"}) {
    (void)mail_exchangers(name);
  }
  const std::string exposed = registry_.text();
  for (const std::string result : {"ok", "no_data", "nx_domain", "temporary", "cached"}) {
    const auto has = [&](const std::string& line) { return exposed.contains(line + " 1\n"); };
    EXPECT_TRUE(has("signpost_dns_queries_total{result=\"" + result + "\",type=\"MX\"}") ||
                has("signpost_dns_queries_total{type=\"MX\",result=\"" + result + "\"}"))
        << result << '\n'
        << exposed;
  }
  EXPECT_TRUE(exposed.contains("signpost_dns_query_seconds_count{type=\"MX\"} 4\n")) << exposed;
}

TEST_F(ResolverTest, TakesTheServersOfTheSystem) {
  open({});
  EXPECT_EQ(resolver_->cache_size(), 0U);
}

}  // namespace
}  // namespace signpost::dns
