#include "auth/users.h"

#include "auth/password_scheme.h"
#include "auth/scram_keys.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace signpost::auth {
namespace {

// Of "secret", made by mkpasswd; and one that has the right form, of nothing.
const std::string kCrypt =
    "{SHA512-CRYPT}$6$saltstring$AIsRs/Ee56G/"
    "tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf"
    "7eZTITsuk0Ry5qulYz.";
const std::string kForm = "{ARGON2ID}$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2g";

std::string entry(const std::string& header, const std::string& more = "") {
  return header + "\npassword = \"" + kForm + "\"\n" + more;
}

std::string error_of(const std::string& toml) {
  const auto users = Users::parse(toml, "users.toml");
  return users ? "" : users.error().detail;
}

TEST(Users, AreFoundByName) {
  const auto users =
      Users::parse(entry("[shop]", "senders = [\"@Shop.Example\", \"A@b.example\"]\n") +
                       entry("[\"who@example.net\"]") + entry("[backup]"),
                   "users.toml");
  ASSERT_TRUE(users);
  ASSERT_EQ((*users)->all().size(), 3u);
  EXPECT_EQ((*users)->all()[0].name, "backup");
  const User* shop = (*users)->find("shop");
  ASSERT_NE(shop, nullptr);
  EXPECT_EQ(shop->password, kForm);
  EXPECT_EQ(shop->senders, (std::vector<std::string>{"@shop.example", "a@b.example"}));
  EXPECT_NE((*users)->find("who@example.net"), nullptr);
  EXPECT_EQ((*users)->find("Shop"), nullptr);
  EXPECT_EQ((*users)->find(""), nullptr);
  EXPECT_EQ((*users)->find("zzz"), nullptr);
}

TEST(Users, MistakesHaveTheirPlace) {
  EXPECT_EQ(error_of(entry("[shop]", "sender = \"@a.example\"\n")),
            "users.toml:3:1: shop.sender: unknown key; did you mean \"senders\"?");
  EXPECT_EQ(
      error_of(entry("[shop]", "senders = [\"a.example\"]\n")),
      "users.toml:3:12: shop.senders: \"a.example\" has no \"@\"; write addresses and domains, "
      "as in [\"@shop.example\"], or leave it out for any domain that has a key");
  EXPECT_EQ(error_of(entry("[shop]", "senders = []\n")),
            "users.toml:3:11: shop.senders: the list is empty; write addresses and domains, as in "
            "[\"@shop.example\"], or leave it out for any domain that has a key");
  EXPECT_EQ(error_of(entry("[shop]", "rate = 100\n")),
            "users.toml:3:8: shop.rate: found a whole number, expected a rate from \"1/h\" to "
            "\"1000000/s\", as in \"100/h\" or \"10/min\"");
  EXPECT_EQ(error_of(entry("[shop]", "daily = 0\n")),
            "users.toml:3:9: shop.daily: 0 is too small; write a whole number from 1 to "
            "1000000000");
  EXPECT_EQ(
      error_of("shop = 1\n"),
      "users.toml:1:1: shop: expected a table [\"shop\"] with password, found a whole number");
  EXPECT_EQ(error_of(entry("[who.example]")),
            "users.toml:1:6: who: a name with dots needs quotes; write [\"who.example\"]");
  EXPECT_EQ(
      error_of(entry("[\"a\\u0007\"]")),
      "users.toml:1:2: a\\x07: a name cannot contain control characters; write another name for "
      "this login");
  EXPECT_EQ(error_of("[shop\n"), "users.toml:1:6: " + error_of("[shop\n").substr(16));
  // Several at once, each on a line.
  EXPECT_EQ(error_of("a = 1\nb = 2\n").find("users.toml:2:1: b: "),
            error_of("a = 1\nb = 2\n").find('\n') + 1);
}

TEST(Users, HaveLimits) {
  const auto users = Users::parse(
      entry("[shop]", "rate = \"500/h\"\ndaily = 2000\nrecipients_per_message = 50\n") +
          entry("[free]"),
      "users.toml");
  ASSERT_TRUE(users);
  const User* shop = (*users)->find("shop");
  EXPECT_EQ(shop->rate, (config::Rate{500, std::chrono::hours(1)}));
  EXPECT_EQ(shop->daily, 2000u);
  EXPECT_EQ(shop->recipients_per_message, 50u);
  const User* free = (*users)->find("free");
  EXPECT_FALSE(free->rate || free->daily || free->recipients_per_message);
}

TEST(Users, HaveSendersFromAFileBesideTheirOwn) {
  const std::string folder = std::filesystem::temp_directory_path() / "signpost-senders-XXXXXX";
  std::string made = folder;
  ASSERT_NE(::mkdtemp(made.data()), nullptr);
  std::ofstream(made + "/domains") << "# of the panel\n\nb.Example\n *.c.example \r\n"
                                      "a@d.example\nb.example\n";
  const std::string more = "senders_file = \"domains\"\n";
  const auto users = Users::parse(entry("[shop]", more), made + "/users.toml");
  ASSERT_TRUE(users) << users.error().detail;
  const User* shop = (*users)->find("shop");
  EXPECT_TRUE(shop->has_senders());
  EXPECT_EQ(shop->listed_senders,
            (std::vector<std::string>{"@*.c.example", "@b.example", "a@d.example"}));
  EXPECT_TRUE(is_sender(*shop, "x@b.example"));
  EXPECT_TRUE(is_sender(*shop, "x@y.c.example"));
  EXPECT_TRUE(is_sender(*shop, "A@d.example"));
  EXPECT_FALSE(is_sender(*shop, "x@c.example"));
  EXPECT_FALSE(is_sender(*shop, "x@d.example"));
  EXPECT_TRUE((*users)->are_senders("x@y.c.example"));
  EXPECT_FALSE((*users)->are_senders("x@c.example"));
  std::ofstream(made + "/domains") << "b.example\nno domain\n";
  const auto wrong = Users::parse(entry("[shop]", more), made + "/users.toml");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().detail,
            made + "/users.toml:3:16: shop.senders_file: " + made +
                "/domains: line 2: \"no domain\" is not a domain or a pattern of domains; write "
                "the path of a file "
                "with a domain or address on each line, as in \"shop-domains\"");
  std::filesystem::remove_all(made);
}

TEST(Users, HaveATenantAndWhatHappensOtherwise) {
  const auto users = Users::parse(
      entry("[shop]",
            "senders = [\"a@shop.example\"]\ntenant = \"acme\"\notherwise = \"rewrite\"\n") +
          entry("[plain]", "otherwise = \"reject\"\n"),
      "users.toml");
  ASSERT_TRUE(users);
  EXPECT_EQ((*users)->find("shop")->tenant, "acme");
  EXPECT_EQ((*users)->find("shop")->otherwise, Otherwise::Rewrite);
  EXPECT_EQ((*users)->find("plain")->tenant, "");
  EXPECT_EQ((*users)->find("plain")->otherwise, Otherwise::Reject);
  EXPECT_EQ(
      error_of(entry("[shop]", "tenant = \"\"\n")),
      "users.toml:3:10: shop.tenant: the name is empty; write the name of a [[tenant]], as in "
      "\"acme\"");
  EXPECT_EQ(error_of(entry("[shop]", "otherwise = \"drop\"\n")),
            "users.toml:3:13: shop.otherwise: unknown value \"drop\"; write \"reject\" or "
            "\"rewrite\"");
  for (const char* senders : {"", "senders = [\"@shop.example\", \"a@shop.example\"]\n"}) {
    EXPECT_TRUE(error_of(entry("[shop]", std::string("otherwise = \"rewrite\"\n") + senders))
                    .ends_with("shop.otherwise: \"rewrite\" needs an address to write; put one "
                               "first in senders"))
        << senders;
  }
}

TEST(Users, KnowTheSendersOfAll) {
  const auto users =
      Users::parse(entry("[shop]", "senders = [\"@Shop.example\"]\n") +
                       entry("[news]", "senders = [\"News@other.example\"]\n") + entry("[free]"),
                   "users.toml")
          .value();
  EXPECT_TRUE(users->have_senders());
  EXPECT_TRUE(users->are_senders("anybody@shop.example"));
  EXPECT_TRUE(users->are_senders("anybody@below.shop.example"));
  EXPECT_TRUE(users->are_senders("news@other.example"));
  EXPECT_FALSE(users->are_senders("orders@other.example"));
  EXPECT_FALSE(users->are_senders("a@othershop.example"));
  EXPECT_FALSE(users->are_senders("a@example"));
  EXPECT_FALSE(users->are_senders(""));
  EXPECT_FALSE(Users::parse(entry("[free]"), "users.toml").value()->have_senders());
}

TEST(Users, ALoginMayHaveNoPassword) {
  const auto users = Users::parse("[token]\nsenders = [\"@a.example\"]\n", "users.toml").value();
  ASSERT_NE(users->find("token"), nullptr);
  for (const char* password : {"", "token", "secret"}) {
    EXPECT_FALSE(verify_password(users->find("token"), password)) << password;
  }
  EXPECT_EQ(users->costliest_password(), "");
  EXPECT_EQ(error_of("[token]\nscram = \"" + make_scram("secret") + "\"\n"),
            "users.toml:2:9: token.scram: is of a password, and there is none; write password, or "
            "remove it");
}

TEST(Users, KnowTheirCostliestPassword) {
  const std::string cheap = "[a]\npassword = \"" + kCrypt + "\"\n";
  EXPECT_EQ(Users::parse(cheap, "users.toml").value()->costliest_password(), kCrypt);
  EXPECT_EQ(Users::parse(cheap + entry("[b]"), "users.toml").value()->costliest_password(), kForm);
  EXPECT_EQ(Users::parse("", "users.toml").value()->costliest_password(), "");
  const auto rounds = [](const std::string& number) {
    return "{SHA512-CRYPT}$6$rounds=" + number + "$s$" + std::string(86, 'x');
  };
  EXPECT_LT(password_cost(kCrypt), password_cost(rounds("50000")));
  EXPECT_LT(password_cost(kForm), password_cost(rounds("1000000")));
  EXPECT_EQ(password_cost("{PLAIN}secret"), 0U);
}

TEST(Users, PasswordInClearIsRefusedAndNotShown) {
  const std::string error = error_of("[shop]\npassword = \"hunter2\"\n");
  EXPECT_EQ(error,
            "users.toml:2:12: shop.password: not a supported password hash; write a "
            "hash as `signpost user add` makes it, \"{ARGON2ID}...\", or one of SHA512-CRYPT, "
            "SHA256-CRYPT, BLF-CRYPT, yescrypt, scrypt or SCRAM-SHA-256");
}

constexpr const char* kTooManyRounds =
    "{SHA512-CRYPT}$6$rounds=1000001$salt$"
    "AIsRs/Ee56G/tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0Ry5qulYz.";

TEST(Users, HashesThatCostTooMuchAreRefused) {
  for (const char* hash : {
           "{ARGON2ID}$argon2id$v=19$m=262145,t=2,p=1$c2FsdA$aGFzaA",
           "{ARGON2ID}$argon2id$v=19$m=65536,t=17,p=1$c2FsdA$aGFzaA",
           "{ARGON2ID}$argon2id$v=19$m=65536,t=2,p=17$c2FsdA$aGFzaA",
           "{ARGON2ID}$argon2id$v=19$m=99999999999999999999,t=2,p=1$c2FsdA$aGFzaA",
           "{ARGON2ID}$argon2i$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA",
           "{ARGON2ID}",
           kTooManyRounds,
           "{SHA512-CRYPT}$5$salt$hash",
           "{PLAIN}secret",
           "",
       }) {
    EXPECT_NE(error_of("[shop]\npassword = \"" + std::string(hash) + "\"\n"), "") << hash;
    const User user{"shop", hash, {}};
    EXPECT_FALSE(verify_password(&user, "secret")) << hash;
  }
}

TEST(Passwords, HashIsVerified) {
  const User user{"shop", hash_password("pässword"), {}};
  EXPECT_TRUE(user.password.starts_with("{ARGON2ID}$argon2id$v=19$"));
  EXPECT_TRUE(verify_password(&user, "pässword"));
  EXPECT_FALSE(verify_password(&user, "passwort"));
  EXPECT_FALSE(verify_password(&user, ""));
  EXPECT_NE(hash_password("pässword"), user.password);  // a new salt each time
  EXPECT_EQ(error_of("[shop]\npassword = \"" + user.password + "\"\n"), "");
}

TEST(Passwords, Sha512CryptIsVerified) {
  const User user{"shop", kCrypt, {}};
  EXPECT_EQ(error_of("[shop]\npassword = \"" + kCrypt + "\"\n"), "");
  EXPECT_TRUE(verify_password(&user, "secret"));
  EXPECT_FALSE(verify_password(&user, "Secret"));
  EXPECT_FALSE(verify_password(&user, std::string_view("secret\0x", 8)));
}

// All of "secret", made by crypt(3).
const std::string kSha512 = kCrypt.substr(kCrypt.find('$'));
const std::string kSha256 = "$5$rounds=5000$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA";
const std::string kBcrypt10 = "$2b$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u";
const std::string kYescrypt = "$y$j9T$abcdefghijklmnop$3dL1LkYnZM.OVXuVdnnaKVDlLYT92dRwOzDZ5XiVCe.";
const std::string kGost = "$gy$j9T$abcdefghijklmnop$mixfBgwqRYkgJa0E4eWmDF3HC/BbYXm8ztA717oxvqD";

const std::string kScrypt = "$7$96..../....abcdefgh$Y25GFunIc77igwisgRS16QamarOZWeyGUnsUhetuLk.";
const std::string kSha1 = "$sha1$1000$abcdefgh$ji8ESnkwjcTjo4hThodnLYyi.3yG";

TEST(Passwords, WhatOtherServersStoreIsVerified) {
  for (const std::string& hash :
       {"{SHA512-CRYPT}" + kSha512, "{sha512-crypt}" + kSha512, "{CRYPT}" + kSha512, kSha512,
        "{SHA256-CRYPT}" + kSha256, kSha256, "{BLF-CRYPT}" + kBcrypt10, "{Crypt}" + kBcrypt10,
        "{CRYPT}" + kYescrypt, kYescrypt, kGost, kScrypt, "{CRYPT}" + kScrypt, kSha1,
        "{CRYPT}" + kSha1}) {
    const User user{"shop", hash, {}};
    EXPECT_EQ(password_hash_problem(hash), std::nullopt) << hash;
    EXPECT_TRUE(verify_password(&user, "secret")) << hash;
    EXPECT_FALSE(verify_password(&user, "Secret")) << hash;
    EXPECT_GT(password_cost(hash), 0U) << hash;
  }
  const std::string argon = hash_password("secret");
  const User bare{"shop", argon.substr(argon.find('$')), {}};
  EXPECT_TRUE(verify_password(&bare, "secret"));
}

TEST(Passwords, WeakSchemesAreRefusedWithAReason) {
  const std::string end = " is too weak: whoever gets the file can soon guess its passwords";
  EXPECT_EQ(password_hash_problem("{MD5-CRYPT}$1$salt$qJH7.N4xYta3aEG/dfqo/0"),
            "{MD5-CRYPT}" + end);
  EXPECT_EQ(password_hash_problem("{plain-md5}5ebe2294ecd0e0f08eab7690d2a6ee69"),
            "{PLAIN-MD5}" + end);
  EXPECT_EQ(password_hash_problem("{SSHA512}c2VjcmV0"), "{SSHA512}" + end);
  EXPECT_EQ(password_hash_problem("{PLAIN}secret"), "{PLAIN}" + end);
  EXPECT_EQ(password_hash_problem("{CRYPT}$1$salt$qJH7.N4xYta3aEG/dfqo/0"), "MD5 ($1$)" + end);
  EXPECT_EQ(password_hash_problem("$1$salt$qJH7.N4xYta3aEG/dfqo/0"), "MD5 ($1$)" + end);
  EXPECT_EQ(password_hash_problem("{CRYPT}abJnggxhB/yWI"), "DES" + end);
  EXPECT_EQ(password_hash_problem("abJnggxhB/yWI"),
            "not a supported password hash: DES, if that is what it is," + end);
  EXPECT_EQ(password_hash_problem("$sha1$999$abcdefgh$ji8ESnkwjcTjo4hThodnLYyi.3yG"),
            "sha1crypt with fewer than 1000 rounds" + end);
}

TEST(Passwords, AnotherSchemeOfDovecotIsNotCalledWeak) {
  EXPECT_EQ(password_hash_problem("{PBKDF2}$1$salt$5000$" + std::string(40, 'a')),
            "{PBKDF2} is not supported");
  EXPECT_EQ(password_hash_problem("{scram-sha-1}4096,a,b,c"), "{SCRAM-SHA-1} is not supported");
  EXPECT_EQ(password_hash_problem("{BLF-CRYPT}$1$salt$qJH7.N4xYta3aEG/dfqo/0"),
            "this is not a hash of {BLF-CRYPT}");
}

TEST(Passwords, AHashOfAnotherSchemeOrACostlyOneIsRefused) {
  EXPECT_EQ(password_hash_problem("{SHA256-CRYPT}" + kSha512),
            "this is not a hash of {SHA256-CRYPT}");
  for (const std::string& hash : {std::string("{BLF-CRYPT}$2b$15$") + std::string(53, 'a'),
                                  std::string("$5$rounds=1000001$s$") + std::string(43, 'a'),
                                  std::string("$y$jET$salt$") + std::string(43, 'a'),
                                  // scrypt: N, r, p, each of them and all three too large
                                  std::string("$7$FU..../....salt$") + std::string(43, 'a'),
                                  std::string("$7$zU..../....salt$") + std::string(43, 'a'),
                                  std::string("$7$/zzzzz/....salt$") + std::string(43, 'a'),
                                  std::string("$7$//....zzzzzsalt$") + std::string(43, 'a'),
                                  std::string("$7$EU....0....salt$") + std::string(43, 'a'),
                                  std::string("$sha1$1000001$salt$") + std::string(28, 'a')}) {
    EXPECT_TRUE(
        password_hash_problem(hash).value_or("").starts_with("this hash costs too much to check"))
        << hash;
  }
  for (const std::string& hash :
       {std::string("{SCRYPT}x"), std::string("{a password}"), std::string("{"),
        std::string("$2x$05$") + std::string(53, 'a'), kYescrypt.substr(0, 40), kSha256 + "a",
        kBcrypt10 + "a", std::string("$y$.9T$salt$") + std::string(43, 'a'), kScrypt.substr(0, 60),
        "$7$.6..../....abcdefgh$" + std::string(43, 'a'),
        "$7$9...../....abcdefgh$" + std::string(43, 'a'), "$7$96.../$" + std::string(43, 'a'),
        kSha1 + "a", "$sha1$x$abcdefgh$" + std::string(28, 'a'),
        "$sha1$1000$$" + std::string(28, 'a')}) {
    EXPECT_NE(password_hash_problem(hash), std::nullopt) << hash;
    EXPECT_EQ(password_cost(hash), 0U) << hash;
  }
}

TEST(Passwords, NobodyAndEndlessPasswordsAreRefused) {
  EXPECT_FALSE(verify_password(nullptr, "secret"));
  const User user{"shop", hash_password(std::string(2000, 'x')), {}};
  EXPECT_FALSE(verify_password(&user, std::string(2000, 'x')));
}

TEST(SenderAllowed, AQuotedOneIsWhatItMeans) {
  const auto users =
      Users::parse("[shop]\nsenders = ['\"a b\"@q.example']\n", "users.toml").value();
  EXPECT_TRUE(is_sender(users->all().front(), "a b@q.example"));
  EXPECT_FALSE(is_sender(users->all().front(), "a@q.example"));
}

TEST(SenderAllowed, AddressesAndDomains) {
  const User user{"shop", kForm, {"@shop.example", "news@other.example"}};
  EXPECT_TRUE(is_sender(user, "anybody@shop.example"));
  EXPECT_TRUE(is_sender(user, "News@other.example"));
  EXPECT_FALSE(is_sender(user, "boss@other.example"));
  EXPECT_FALSE(is_sender(user, "a@sub.shop.example"));
  EXPECT_FALSE(is_sender(user, "a@badshop.example"));
  EXPECT_FALSE(is_sender(user, "\"a@shop.example\"@evil.example"));
  EXPECT_FALSE(is_sender(user, ""));
  EXPECT_FALSE(is_sender(User{"shop", kForm, {}}, "a@any.example"));
}

// --- editing -------------------------------------------------------------------------------------

class UsersEdit : public testing::Test {
 protected:
  UsersEdit() {
    std::string folder = testing::TempDir() + "usersXXXXXX";
    folder_ = mkdtemp(folder.data());
    file_ = folder_ / "users.toml";
  }
  ~UsersEdit() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text) { std::ofstream(file_) << text; }
  std::string text() {
    std::ifstream in(file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string add(const std::string& name, bool replace = false,
                  const std::vector<std::string>& senders = {}) {
    const auto added =
        add_user(file_, {.name = name, .password = kForm, .senders = senders}, replace);
    return added ? "" : added.error().detail;
  }
  std::string remove(const std::string& name) {
    const auto removed = remove_user(file_, name);
    return removed ? "" : removed.error().detail;
  }
  mode_t mode() {
    struct stat facts{};
    EXPECT_EQ(::stat(file_.c_str(), &facts), 0);
    return facts.st_mode & 07777;
  }
  std::size_t files() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_;
  std::string file_;
};

TEST(Users, NamesThatDifferInCaseAreAlike) {
  const auto users =
      Users::parse("[shop]\n[\"a@B\u00fccher.example\"]\n[x]\n[X]\n", "users.toml").value();
  EXPECT_EQ(users->find_alike("Shop").user, users->find("shop"));
  EXPECT_EQ(users->find_alike("A@xn--bcher-kva.EXAMPLE").user, &users->all().at(1));
  EXPECT_EQ(users->find_alike("x").user, users->find("x"));
  EXPECT_EQ(users->find_alike("other").user, nullptr);
  EXPECT_FALSE(users->find_alike("other").several);
}

TEST(Users, OfSeveralAlikeNoneIsMeant) {
  const auto users = Users::parse("[ab]\n[Ab]\n", "users.toml").value();
  EXPECT_EQ(users->find_alike("Ab").user, users->find("Ab"));
  EXPECT_EQ(users->find_alike("AB").user, nullptr);
  EXPECT_TRUE(users->find_alike("AB").several);
}

TEST_F(UsersEdit, FirstUserMakesAPrivateFile) {
  EXPECT_EQ(add("shop", false, {"@shop.example"}), "");
  EXPECT_EQ(text(), entry("[shop]", "senders = [\"@shop.example\"]\n"));
  EXPECT_EQ(mode(), 0600u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(UsersEdit, AddedUserLeavesTheRestAlone) {
  const std::string old = "# ours\n" + entry("[shop]  # first") + "# the end";
  write(old);
  EXPECT_EQ(add("who@example.net"), "");
  EXPECT_EQ(text(), old + "\n\n" + entry("[\"who@example.net\"]"));
}

TEST_F(UsersEdit, OddNamesAreQuoted) {
  for (const std::string name : {"a b", "a\"b\\c", "ü", "a.b", "-_9"}) {
    EXPECT_EQ(add(name), "") << name;
    const auto users = Users::load(file_);
    ASSERT_TRUE(users) << name;
    EXPECT_NE((*users)->find(name), nullptr) << name;
  }
  const std::string before = text();
  EXPECT_EQ(add(""), "a name cannot be empty");
  EXPECT_EQ(add("a\nb"), "a name cannot contain control characters");
  EXPECT_EQ(add("\xff"), "a name must be UTF-8");
  EXPECT_EQ(add(" a"), "a name cannot begin or end with a space");
  EXPECT_EQ(add(std::string(256, 'a')), "a name may have at most 255 octets");
  EXPECT_EQ(text(), before);
}

TEST_F(UsersEdit, ExistingUserNeedsReplace) {
  write("[shop] # s\nsenders = [\"@a.example\"] # keep\npassword = \"" + kCrypt + "\" # old é\n");
  EXPECT_EQ(add("shop"), file_ + ": user \"shop\" already exists");
  EXPECT_EQ(add("shop", true), "");
  EXPECT_EQ(text(), "[shop] # s\nsenders = [\"@a.example\"] # keep\npassword = \"" + kForm +
                        "\" # old é\n");
  EXPECT_EQ(add("shop", true, {"@b.example", "c@d.example"}), "");
  EXPECT_EQ(text(),
            "[shop] # s\nsenders = [\"@b.example\", \"c@d.example\"] # keep\npassword = \"" +
                kForm + "\" # old é\n");
}

TEST_F(UsersEdit, ReplacedUserMayGetSenders) {
  write(entry("[a]") + entry("[shop]") + entry("[z]"));
  EXPECT_EQ(add("shop", true, {"@b.example"}), "");
  EXPECT_EQ(text(), entry("[a]") + "[shop]\nsenders = [\"@b.example\"]\npassword = \"" + kForm +
                        "\"\n" + entry("[z]"));
}

TEST_F(UsersEdit, LimitsAndTenantAreWrittenAndReplaced) {
  const User user{.name = "shop",
                  .password = kForm,
                  .tenant = "acme",
                  .rate = config::Rate{500, std::chrono::hours(1)},
                  .daily = 5000};
  EXPECT_TRUE(add_user(file_, user, false));
  EXPECT_EQ(text(), entry("[shop]", "tenant = \"acme\"\nrate = \"500/h\"\ndaily = 5000\n"));
  EXPECT_EQ(add("shop", true), "");
  EXPECT_TRUE(text().contains("rate = \"500/h\"\ndaily = 5000\n")) << "what is not said stays";
  EXPECT_TRUE(add_user(file_, {.name = "shop", .password = kForm, .daily = 7}, true));
  EXPECT_EQ(text(), entry("[shop]", "tenant = \"acme\"\nrate = \"500/h\"\ndaily = 7\n"));
}

TEST_F(UsersEdit, RemovedUserLeavesTheRestAlone) {
  write("# ours\n" + entry("[a]") + "\n" +
        entry("[shop]", "senders = [\n  \"@a.example\", # x\n]\n") + "\n# about z\n" +
        entry("[z]"));
  EXPECT_EQ(remove("shop"), "");
  EXPECT_EQ(text(), "# ours\n" + entry("[a]") + "\n# about z\n" + entry("[z]"));
  EXPECT_EQ(remove("z"), "");
  EXPECT_EQ(remove("a"), "");
  EXPECT_EQ(text(), "# ours\n# about z\n");
  EXPECT_EQ(remove("a"), file_ + ": there is no user \"a\"");
}

TEST_F(UsersEdit, TheLastUserLeavesAFileThatIsNotEmpty) {
  write(entry("[a]"));
  EXPECT_EQ(remove("a"), "");
  EXPECT_EQ(text(), "# no logins\n");
}

TEST_F(UsersEdit, ForeignFormsAreLeftToTheOperator) {
  const std::string inlined = "shop = { password = \"" + kForm + "\" }\n" + "a.password = \"" +
                              kForm + "\"\na.senders = [\"@a.example\"]\n";
  write(inlined);
  EXPECT_EQ(add("shop", true, {"@b.example"}),
            file_ + ": this user does not have a table of its own; edit the file by hand");
  EXPECT_EQ(text(), inlined);
}

TEST_F(UsersEdit, FileWithMistakesIsNotTouched) {
  const std::string broken = "[shop]\npassword = \"hunter2\"\n";
  write(broken);
  EXPECT_EQ(add("other").substr(0, file_.size() + 5), file_ + ":2:12");
  EXPECT_EQ(remove("shop").substr(0, file_.size() + 5), file_ + ":2:12");
  EXPECT_EQ(text(), broken);
  EXPECT_EQ(files(), 1u);
}

TEST_F(UsersEdit, GroupsRightToReadIsKeptAndNobodyElseGetsIt) {
  write(entry("[a]"));
  ASSERT_EQ(::chmod(file_.c_str(), 0664), 0);
  EXPECT_EQ(add("b"), "");
  EXPECT_EQ(mode(), 0640u);
}

TEST_F(UsersEdit, SymbolicLinkIsFollowed) {
  const std::string target = folder_ / "target.toml";
  std::ofstream(target) << entry("[a]");
  std::filesystem::create_symlink("target.toml", file_);
  EXPECT_EQ(add("b"), "");
  EXPECT_TRUE(std::filesystem::is_symlink(file_));
  EXPECT_EQ(files(), 2u);
}

TEST_F(UsersEdit, MissingFolderIsNamed) {
  const auto added =
      add_user(folder_ / "no" / "users.toml", {.name = "a", .password = kForm}, false);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().detail, (folder_ / "no" / "users.toml").string() +
                                      ": its folder cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace signpost::auth
