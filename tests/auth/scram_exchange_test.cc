#include "auth/scram_exchange.h"

#include "auth/password_scheme.h"
#include "base/base64.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

namespace signpost::auth {
namespace {

using Challenge = SaslExchange::Challenge;
using Claim = SaslExchange::Claim;
using Malformed = SaslExchange::Malformed;

std::string bytes_of(const char* base64) { return base64::decode(base64).value(); }

// RFC 7677 section 3: "user" with the password "pencil".
const std::string kSalt = bytes_of("W22ZaJ0SNY7soEsUEjb6gQ==");
constexpr std::uint32_t kIterations = 4096;

std::shared_ptr<const Users> users(const std::string& more = "") {
  const std::string keys = scram_text(derive_scram_keys("pencil", kSalt, kIterations));
  auto parsed = Users::parse("[user]\npassword = \"" + keys + "\"\n" + more, "users.toml");
  EXPECT_TRUE(parsed) << parsed.error().detail;
  return *parsed;
}

ScramExchange::Server server(std::string nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0") {
  return {.users = users(), .salt_secret = "secret", .binding = {}, .nonce = std::move(nonce)};
}

// What a client makes of server-first.
struct Client {
  std::string password = "pencil";
  std::string gs2_header = "n,,";
  std::string bare = "n=user,r=rOprNGfwEbeRWgbNEkqO";
  std::string binding{};

  std::string first() const { return gs2_header + bare; }
  std::string final(const std::string& server_first) const {
    const std::string nonce = server_first.substr(2, server_first.find(',') - 2);
    const std::string without_proof = "c=" + base64::encode(gs2_header + binding) + ",r=" + nonce;
    const std::string said = bare + "," + server_first + "," + without_proof;
    // The client key is what the proof hides; the server only has its hash.
    const ScramKeys keys = derive_scram_keys(password, salt_of(server_first), kIterations);
    std::string proof = client_key(salt_of(server_first));
    const Sha256 signature = hmac_sha256(text_of(keys.stored_key), said);
    for (std::size_t i = 0; i < proof.size(); ++i) {
      proof[i] = static_cast<char>(static_cast<unsigned char>(proof[i]) ^ signature[i]);
    }
    return without_proof + ",p=" + base64::encode(proof);
  }

 private:
  static std::string salt_of(const std::string& server_first) {
    const std::size_t begin = server_first.find(",s=") + 3;
    return base64::decode(server_first.substr(begin, server_first.rfind(",i=") - begin)).value();
  }
  // Hi() of RFC 5802 section 2.2, plainly.
  std::string client_key(const std::string& salt) const {
    Sha256 u = hmac_sha256(password, salt + std::string("\0\0\0\1", 4));
    Sha256 salted = u;
    for (std::uint32_t i = 1; i < kIterations; ++i) {
      u = hmac_sha256(password, text_of(u));
      for (std::size_t j = 0; j < u.size(); ++j) {
        salted[j] = static_cast<unsigned char>(salted[j] ^ u[j]);
      }
    }
    return std::string(text_of(hmac_sha256(text_of(salted), "Client Key")));
  }
};

std::string first_of(ScramExchange& exchange, const Client& client) {
  auto answer = exchange.respond(client.first());
  const auto* challenge = std::get_if<Challenge>(&answer);
  return challenge != nullptr ? challenge->message : "no challenge";
}

bool accepts(ScramExchange::Server terms, const Client& client) {
  ScramExchange exchange(std::move(terms));
  const std::string first = first_of(exchange, client);
  if (first == "no challenge") return false;
  auto answer = exchange.respond(client.final(first));
  const auto* claim = std::get_if<Claim>(&answer);
  return claim != nullptr && claim->right;
}

bool is_malformed(const std::string& first) {
  return std::holds_alternative<Malformed>(ScramExchange(server()).respond(first));
}

TEST(ScramExchange, RepeatsTheOneOfItsRfc) {
  ScramExchange exchange(server());
  EXPECT_EQ(first_of(exchange, Client()),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,"
            "i=4096");
  auto answer = exchange.respond(
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  const auto* claim = std::get_if<Claim>(&answer);
  ASSERT_NE(claim, nullptr);
  EXPECT_TRUE(claim->right);
  EXPECT_EQ(claim->login, "user");
  EXPECT_EQ(exchange.last_words(Verdict::Accepted),
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(exchange.last_words(Verdict::Rejected), "");
  EXPECT_TRUE(std::holds_alternative<Malformed>(exchange.respond("again")));
}

TEST(ScramExchange, TheClientOfTheseTestsKnowsThePassword) {
  EXPECT_TRUE(accepts(server("nonce"), {}));
  EXPECT_FALSE(accepts(server("nonce"), {.password = "pencil2"}));
}

TEST(ScramExchange, TheProofOfAnotherExchangeIsWrong) {
  ScramExchange first(server("one"));
  const std::string proof = Client().final(first_of(first, Client()));
  ScramExchange second(server("two"));
  first_of(second, Client());
  auto answer = second.respond(proof);
  ASSERT_TRUE(std::holds_alternative<Claim>(answer));
  EXPECT_FALSE(std::get<Claim>(answer).right);
}

TEST(ScramExchange, ALoginThatDoesNotExistHasAlwaysTheSameSalt) {
  const Client client{.bare = "n=nobody,r=abc"};
  ScramExchange once(server("nonce"));
  ScramExchange again(server("nonce"));
  const std::string first = first_of(once, client);
  EXPECT_EQ(first_of(again, client), first);
  EXPECT_TRUE(first.ends_with(",i=4096")) << first;
  auto other = server("nonce");
  other.salt_secret = "another";
  ScramExchange elsewhere(std::move(other));
  EXPECT_NE(first_of(elsewhere, client), first);
  ScramExchange another(server("nonce"));
  EXPECT_NE(first_of(another, {.bare = "n=someone,r=abc"}), first);
  EXPECT_FALSE(accepts(server(), client));
  auto with_tokens = server("nonce");
  with_tokens.users = users("[a]\n[b]\n[c]\n[d]\n");
  ScramExchange among_others(std::move(with_tokens));
  EXPECT_EQ(first_of(among_others, client), first);
  auto nobody = server();
  nobody.users = nullptr;
  EXPECT_FALSE(accepts(std::move(nobody), client));
}

TEST(ScramExchange, BindsTheChannel) {
  const auto plus = [] {
    auto terms = server();
    terms.plus = terms.plus_offered = true;
    terms.binding = {.exporter = "exported", .end_point = "certificate"};
    return terms;
  };
  EXPECT_TRUE(accepts(plus(), {.gs2_header = "p=tls-exporter,,", .binding = "exported"}));
  EXPECT_TRUE(
      accepts(plus(), {.gs2_header = "p=tls-server-end-point,,", .binding = "certificate"}));
  EXPECT_FALSE(accepts(plus(), {.gs2_header = "p=tls-exporter,,", .binding = "another's"}));
  EXPECT_FALSE(accepts(plus(), {.gs2_header = "p=tls-exporter,,", .binding = "certificate"}));
  EXPECT_FALSE(accepts(plus(), {.gs2_header = "p=tls-unique,,"}));
  EXPECT_FALSE(accepts(plus(), {.gs2_header = "n,,"}));
  auto without = plus();
  without.binding = {};
  EXPECT_FALSE(accepts(std::move(without), {.gs2_header = "p=tls-exporter,,"}));
}

TEST(ScramExchange, NoticesThatSomebodyHidTheBinding) {
  EXPECT_TRUE(accepts(server(), {.gs2_header = "y,,"}));  // we did not offer it
  auto offered = server();
  offered.plus_offered = true;
  EXPECT_FALSE(accepts(std::move(offered), {.gs2_header = "y,,"}));
  EXPECT_TRUE(is_malformed("p=tls-exporter,,n=user,r=abc"));
}

TEST(ScramExchange, DecodesNames) {
  ScramExchange exchange(server());
  const Client client{.gs2_header = "n,a=b=2Cc,", .bare = "n=x=3Dy,r=abc"};
  auto answer = exchange.respond(client.final(first_of(exchange, client)));
  ASSERT_TRUE(std::holds_alternative<Claim>(answer));
  EXPECT_EQ(std::get<Claim>(answer).login, "x=y");
  EXPECT_EQ(std::get<Claim>(answer).authorization_identity, "b,c");
}

TEST(ScramExchange, RefusesWhatItCannotRead) {
  for (const char* first : {"", "n", "n,", "n,,", "n,,n=user", "n,,r=abc,n=user", "n,,n=,r=abc",
                            "n,,n=a=b,r=abc", "n,,n=user,r=", "n,,n=user,r=a b",
                            "n,user,n=user,r=a", "n,,m=ext,n=user,r=abc", "x,,n=user,r=abc"}) {
    EXPECT_TRUE(is_malformed(first)) << first;
  }
  for (const char* last : {"", "c=biws", "c=biws,r=abc", "c=biws,r=abc,p=", "c=biws,r=abc,p=AAAA",
                           "r=abc,c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                           "c=!,r=abc,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="}) {
    ScramExchange exchange(server());
    first_of(exchange, {});
    EXPECT_TRUE(std::holds_alternative<Malformed>(exchange.respond(last))) << last;
  }
}

TEST(ScramKeys, ServeAPasswordInClear) {
  const auto all = users();
  EXPECT_TRUE(verify_password(all->find("user"), "pencil"));
  EXPECT_FALSE(verify_password(all->find("user"), "pencils"));
}

TEST(ScramKeys, AreReadAndBounded) {
  const std::string text = scram_text(derive_scram_keys("pencil", kSalt, kIterations));
  EXPECT_EQ(scram_text(parse_scram(text).value()), text);
  EXPECT_EQ(scram_problem(text), std::nullopt);
  EXPECT_EQ(scram_problem("{SCRAM-SHA-256}4095" + text.substr(19)),
            "too few iterations (at least 4096)");
  EXPECT_EQ(scram_problem("{SCRAM-SHA-256}1000001" + text.substr(19)),
            "too many iterations (at most 1000000)");
  for (const std::string& wrong :
       {std::string("{SCRAM-SHA-256}"), text + ",", text.substr(0, text.size() - 4),
        std::string("{SCRAM-SHA-256}4096,,,"), std::string("{SCRAM-SHA-1}4096,a,b,c")}) {
    EXPECT_EQ(scram_problem(wrong), "this is not a hash of {SCRAM-SHA-256}") << wrong;
  }
  EXPECT_EQ(scram_problem(make_scram("pencil")), std::nullopt);
  EXPECT_NE(make_scram("pencil"), make_scram("pencil"));
}

TEST(ScramKeys, AreOfferedIfEveryLoginHasThem) {
  EXPECT_TRUE(scram_serves_all(*users()));
  const std::string hash =
      "password = \"{SHA512-CRYPT}$6$saltstring$AIsRs/Ee56G/"
      "tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0Ry5qulYz.\"\n";
  EXPECT_FALSE(scram_serves_all(*users("[other]\n" + hash)));
  const std::string keys = scram_text(derive_scram_keys("secret", kSalt, kIterations));
  EXPECT_TRUE(scram_serves_all(*users("[other]\n" + hash + "scram = \"" + keys + "\"\n")));
  EXPECT_FALSE(scram_serves_all(**Users::parse("# none\n", "users.toml")));
  // A login without a password is none of SCRAM's.
  EXPECT_TRUE(scram_serves_all(*users("[token]\n")));
  EXPECT_FALSE(scram_serves_all(**Users::parse("[token]\n", "users.toml")));
}

}  // namespace
}  // namespace signpost::auth
