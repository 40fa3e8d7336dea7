#include "providers/providers.h"

#include "base/enum_texts.h"
#include "providers/built_in.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace signpost::providers {
namespace {

constexpr ReplyScope kRecipient = ReplyScope::Recipient;

constexpr std::string_view kHead = "version = 1\nedition = \"2026-11-30\"\n";

struct Parsed {
  std::shared_ptr<const Providers> providers;
  std::vector<std::string> errors;
};

Parsed parse(std::string_view rest) {
  std::vector<config::ConfigError> errors;
  Parsed parsed;
  parsed.providers = Providers::parse(std::string(kHead).append(rest), "p.toml", errors);
  for (const config::ConfigError& error : errors) parsed.errors.push_back(error.text());
  EXPECT_EQ(parsed.providers == nullptr, !parsed.errors.empty());
  return parsed;
}

std::string_view built_in_name(std::string_view host) {
  return Providers::built_in()->name_of(host);
}

TEST(Providers, AreRecognizedByTheNameOfTheMxHost) {
  EXPECT_EQ(built_in_name("gmail-smtp-in.l.google.com"), "google");
  EXPECT_EQ(built_in_name("ASPMX.L.GOOGLE.COM"), "google");
  EXPECT_EQ(built_in_name("aspmx2.googlemail.com"), "google");
  EXPECT_EQ(built_in_name("shop-example.mail.protection.outlook.com"), "microsoft");
  EXPECT_EQ(built_in_name("shop-example.o-v1.mx.microsoft"), "microsoft");
  EXPECT_EQ(built_in_name("mta7.am0.yahoodns.net"), "yahoo");
  EXPECT_EQ(built_in_name("mx01.mail.icloud.com"), "apple");
  EXPECT_EQ(built_in_name("mx00.gmx.net"), "gmx");
  EXPECT_EQ(built_in_name("mx-ha03.web.de"), "gmx");
  EXPECT_EQ(built_in_name("mx00.kundenserver.de"), "ionos");
  EXPECT_EQ(built_in_name("mx03.t-online.de"), "t-online");
  EXPECT_EQ(built_in_name("mail.protonmail.ch"), "proton");
}

TEST(Providers, ANameThatOnlyLooksLikeOneIsOther) {
  for (const char* host : {"google.com.evil.example", "notgoogle.com", "google.com", "192.0.2.1",
                           "", ".", "..", "com", "xmxs.mail.ru", "a.mxs.mail.ru"}) {
    EXPECT_EQ(built_in_name(host), "other") << host;
    EXPECT_EQ(Providers::built_in()->find(host), nullptr) << host;
  }
  EXPECT_EQ(built_in_name(std::string(300, 'a') + ".google.com"), "other");
}

TEST(Providers, TheMostSpecificPatternCounts) {
  const auto parsed = parse(
      "[[provider]]\nname = \"wide\"\nmx = [\"*.example.net\"]\n"
      "[[provider]]\nname = \"narrow\"\nmx = [\"*.mx.example.net\"]\n"
      "[[provider]]\nname = \"exact\"\nmx = [\"one.mx.example.net\"]\n");
  ASSERT_NE(parsed.providers, nullptr) << parsed.errors[0];
  EXPECT_EQ(parsed.providers->name_of("a.example.net"), "wide");
  EXPECT_EQ(parsed.providers->name_of("a.mx.example.net"), "narrow");
  EXPECT_EQ(parsed.providers->name_of("mx.example.net"), "wide");
  EXPECT_EQ(parsed.providers->name_of("one.mx.example.net"), "exact");
  EXPECT_EQ(parsed.providers->name_of("example.net"), "other");
}

TEST(Providers, HaveLimits) {
  const auto parsed = parse(
      "[[provider]]\nname = \"a\"\nmx = [\"mx.example.net\"]\nconnections = 3\n"
      "messages_per_connection = 20\nrecipients_per_transaction = 50\nrate = \"10/s\"\n"
      "[[provider]]\nname = \"b\"\nmx = [\"mx.example.org\"]\n");
  ASSERT_NE(parsed.providers, nullptr) << parsed.errors[0];
  const Provider* const a = parsed.providers->named("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->limits, (Limits{3, 20, 50, config::Rate{10, std::chrono::seconds(1)}}));
  EXPECT_EQ(parsed.providers->named("b")->limits, Limits());
  EXPECT_EQ(parsed.providers->named("c"), nullptr);
  EXPECT_EQ(parsed.providers->edition(), "2026-11-30");
  EXPECT_EQ(parsed.providers->file(), "p.toml");
}

TEST(Providers, TheirOwnPatternsComeBeforeTheCommonOnesAndTheFirstThatFitsCounts) {
  const auto parsed = parse(
      "[[reply]]\ncode = \"550\"\ntext = \"busy\"\nclass = \"rate\"\n"
      "[[reply]]\ntext = [\"nobody\", \"busy\"]\nclass = \"other\"\n"
      "[[provider]]\nname = \"a\"\nmx = [\"mx.example.net\"]\n"
      "[[provider.reply]]\ncode = [\"550\", \"551\"]\nstatus = \"5.3.*\"\nclass = \"mailbox\"\n");
  ASSERT_NE(parsed.providers, nullptr) << parsed.errors[0];
  const Provider* const a = parsed.providers->named("a");
  const auto read = [&](const Provider* provider, const smtp::Reply& reply) {
    return text_of(parsed.providers->classify(provider, reply, kRecipient));
  };
  EXPECT_EQ(read(a, {550, {5, 3, 0}, "busy"}), "mailbox");
  EXPECT_EQ(read(nullptr, {550, {5, 3, 0}, "busy"}), "rate");
  EXPECT_EQ(read(a, {550, {5, 1, 1}, "busy"}), "rate");
  EXPECT_EQ(read(a, {451, {}, "busy"}), "other");
  EXPECT_EQ(read(a, {550, {5, 1, 1}, "somebody"}), "address");
  EXPECT_EQ(read(a, {250, {2, 0, 0}, "busy"}), "accepted");

  const auto own = parsed.providers->read(a, {550, {5, 3, 0}, "busy"}, kRecipient);
  ASSERT_NE(own.pattern, nullptr);
  EXPECT_FALSE(own.common);
  EXPECT_EQ(own.pattern->line, 13u);
  const auto common = parsed.providers->read(a, {550, {}, "busy"}, kRecipient);
  ASSERT_NE(common.pattern, nullptr);
  EXPECT_TRUE(common.common);
}

// They name hosts, which may be called anything.
TEST(Providers, OurOwnWordsAreNotSearchedForPatterns) {
  const auto& built_in = *Providers::built_in();
  EXPECT_EQ(built_in.classify(nullptr, {0, {4, 4, 1}, "connecting to spamhaus.example (…) failed"},
                              ReplyScope::Sender),
            ReplyClass::Network);
  EXPECT_EQ(built_in.classify(nullptr, {0, {5, 1, 2}, "blocked.example does not exist"},
                              ReplyScope::Sender),
            ReplyClass::Address);
}

TEST(Providers, TheBuiltInEditionIsTheFileOfTheSources) {
  const auto& built_in = *Providers::built_in();
  EXPECT_EQ(built_in.file(), "");
  std::ifstream file(SIGNPOST_PROVIDERS);
  EXPECT_EQ(kBuiltInText, std::string(std::istreambuf_iterator<char>(file), {}));
  EXPECT_EQ(built_in.edition().size(), 10u);
  for (const char* name : {"google", "microsoft", "yahoo", "apple", "orange", "gmx", "t-online",
                           "comcast", "ovh", "proton", "ionos", "strato", "zoho", "mailru"}) {
    ASSERT_NE(built_in.named(name), nullptr) << name;
  }
  for (const Provider& provider : built_in.all()) {
    EXPECT_TRUE(provider.limits.connections) << provider.name;
    EXPECT_TRUE(provider.limits.messages_per_connection) << provider.name;
  }
  EXPECT_EQ(built_in.named("yahoo")->limits.messages_per_connection, 20u);
  EXPECT_EQ(built_in.named("orange")->limits.connections, 2u);
}

struct Refused {
  const char* text;
  const char* error;
};

TEST(Providers, MistakesAreNamedWithPlaceKeyAndRemedy) {
  constexpr std::string_view kHost = "mx = [\"mx.example.net\"]\n";
  const Refused cases[] = {
      {"[[providers]]\nname = \"a\"\n",
       "p.toml:3:3: providers: unknown key; did you mean "
       "\"provider\"?"},
      {"provider = 1\n", "p.toml:3:12: provider: found a whole number; write [[provider]] tables"},
      {"[provider]\n", "p.toml:3:1: provider: found a table; write [[provider]] tables"},
      {"[[provider]]\nmx = [\"mx.example.net\"]\n",
       "p.toml:3:1: provider.name: missing; write a name of at most 32 small letters, digits and "
       "\"-\", as in \"t-online\""},
      {"[[provider]]\nname = \"a\"\n",
       "p.toml:3:1: provider.mx: missing; write names of MX hosts, as in [\"mx.example.net\", "
       "\"*.mx.example.net\"]"},
      {"[[provider]]\nname = \"A b\"\nmx = [\"mx.example.net\"]\n",
       "p.toml:4:8: provider.name: \"A b\" is not the name of a provider; write a name of at most "
       "32 small letters, digits and \"-\", as in \"t-online\""},
      {"[[provider]]\nname = \"other\"\nmx = [\"mx.example.net\"]\n",
       "p.toml:4:8: provider.name: \"other\" is what metrics call all others; write a name of at "
       "most 32 small letters, digits and \"-\", as in \"t-online\""},
      {"[[provider]]\nname = \"a\"\nmx = [\"*.net\"]\n",
       "p.toml:5:7: provider.mx: \"*.net\" has too few labels; write names of MX hosts, as in "
       "[\"mx.example.net\", \"*.mx.example.net\"]"},
      {"[[provider]]\nname = \"a\"\nmx = [\"*\"]\n",
       "p.toml:5:7: provider.mx: \"*\" would be every domain; write names of MX hosts, as in "
       "[\"mx.example.net\", \"*.mx.example.net\"]"},
      {"[[provider]]\nname = \"a\"\nmx = []\n",
       "p.toml:5:6: provider.mx: the list is empty; write names of MX hosts, as in "
       "[\"mx.example.net\", \"*.mx.example.net\"]"},
      {"[[provider]]\nname = \"a\"\nmx = [\"mx.example.net\"]\nconnections = 0\n",
       "p.toml:6:15: provider.connections: 0 is too small; write a whole number from 1 to 10000"},
      {"[[provider]]\nname = \"a\"\nmx = [\"mx.example.net\"]\nrate = 5\n",
       "p.toml:6:8: provider.rate: found a whole number, expected"},
      {"[[reply]]\nclass = \"rate\"\n",
       "p.toml:3:1: reply: would match every reply; write code, status or text"},
      {"[[reply]]\ncode = \"4xx\"\n", "p.toml:3:1: reply.class: missing; write \"address\", "},
      {"[[reply]]\ncode = \"250\"\nclass = \"rate\"\n",
       "p.toml:4:8: reply.code: \"250\" is not a code of a refusal; write a code, as in \"421\" or "
       "\"4xx\", or a list of them"},
      {"[[reply]]\nstatus = [\"5.7\"]\nclass = \"rate\"\n",
       "p.toml:4:11: reply.status: \"5.7\" is not an enhanced status; write"},
      {"[[reply]]\ntext = [\"a\", \"*\"]\nclass = \"rate\"\n",
       "p.toml:4:14: reply.text: \"*\" has no words; write words, as in \"mailbox*full\", or a "
       "list of such"},
      {"[[reply]]\ntext = []\nclass = \"rate\"\n", "p.toml:4:8: reply.text: the list is empty"},
      {"[[reply]]\ntext = \"a\"\nclass = \"accepted\"\n",
       "p.toml:5:9: reply.class: unknown value \"accepted\""},
      {"[[provider]]\nname = \"a\"\nmx = [\"mx.example.net\"]\n[[provider.reply]]\n"
       "text = \"a\"\nclas = \"rate\"\n",
       "p.toml:6:1: provider.reply.class: missing"},
      {"[[provider", "p.toml:3:"},
  };
  for (const Refused& refused : cases) {
    const auto parsed = parse(refused.text);
    ASSERT_FALSE(parsed.errors.empty()) << refused.text;
    EXPECT_TRUE(parsed.errors[0].starts_with(refused.error))
        << refused.text << "\nsaid:     " << parsed.errors[0] << "\nexpected: " << refused.error;
  }
  const auto twice = parse(std::string("[[provider]]\nname = \"a\"\n").append(kHost) +
                           "[[provider]]\nname = \"a\"\n" + std::string(kHost));
  ASSERT_EQ(twice.errors.size(), 2u);
  EXPECT_EQ(twice.errors[0],
            "p.toml:7:8: provider.name: \"a\" is in line 4 already; remove it from one of them");
  EXPECT_EQ(twice.errors[1],
            "p.toml:8:7: provider.mx: \"mx.example.net\" is in line 5 already; remove it from one "
            "of them");
}

TEST(Providers, AllMistakesComeAtOnce) {
  const auto parsed = parse(
      "[[reply]]\ncode = 5\nclass = \"none\"\n"
      "[[provider]]\nname = 1\nmx = [\"a b\"]\nspeed = 1\n");
  EXPECT_EQ(parsed.errors.size(), 5u);
}

TEST(Providers, AnotherFormatOrNoEditionIsRefused) {
  std::vector<config::ConfigError> errors;
  EXPECT_EQ(Providers::parse("version = 2\nedition = \"soon\"\n", "p.toml", errors), nullptr);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].text(),
            "p.toml:1:11: version: 2 is not a known format; write 1, the format that this program "
            "reads");
  EXPECT_EQ(errors[1].text(),
            "p.toml:2:11: edition: \"soon\" is not a date; write a date, as in \"2026-11-30\"");
  errors.clear();
  EXPECT_EQ(Providers::parse("", "p.toml", errors), nullptr);
  EXPECT_EQ(errors.size(), 2u);
}

TEST(Providers, AFileMayHaveNone) {
  const auto parsed = parse("");
  ASSERT_NE(parsed.providers, nullptr);
  EXPECT_TRUE(parsed.providers->all().empty());
  EXPECT_EQ(parsed.providers->name_of("mx.google.com"), "other");
  EXPECT_EQ(parsed.providers->classify(nullptr, {550, {5, 1, 1}, ""}, kRecipient),
            ReplyClass::Address);
}

TEST(Providers, AreAtMostAsManyAsMetricsHaveNumbersFor) {
  std::string text;
  for (std::size_t i = 0; i <= kMostProviders; ++i) {
    const std::string name = "p" + std::to_string(i);
    text += "[[provider]]\nname = \"" + name + "\"\nmx = [\"" + name + ".example.net\"]\n";
  }
  const auto parsed = parse(text);
  ASSERT_EQ(parsed.errors.size(), 1u);
  EXPECT_NE(parsed.errors[0].find("there are more than 99"), std::string::npos);
}

}  // namespace
}  // namespace signpost::providers
