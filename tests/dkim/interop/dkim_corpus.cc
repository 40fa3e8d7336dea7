// Writes a folder of signed messages for other people's verifiers:
//
//   dkim_corpus FOLDER [SEED [COUNT]]
//
//   FOLDER/records    key records: name, tab, text
//   FOLDER/manifest   file, tab, "pass" or "fail", tab, signatures as
//                     algorithm:selector with commas, tab, traits with commas
//   FOLDER/*.eml      "pass" as signed; "fail" after a change that no verifier may overlook
//
// The same seed makes the same messages; the keys are new each time.
#include "base/check.h"
#include "dkim/key_record.h"
#include "dkim/signer.h"
#include "dkim/verifier.h"
#include "tests/dkim/interop/awkward_message.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::dkim::interop {
namespace {

constexpr SystemTime kSigned{std::chrono::seconds(1'735'689'600)};
constexpr std::string_view kDomain = "example.com";

using Key = std::shared_ptr<const PrivateKey>;

class Corpus {
 public:
  // Messages and changes follow from the seed; the keys are new each time.
  Corpus(std::filesystem::path folder, unsigned seed) : folder_(std::move(folder)), random_(seed) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    manifest_.open(folder_ / "manifest", std::ios::binary);
    std::ofstream records(folder_ / "records", std::ios::binary);
    for (const auto& [name, bits] :
         {std::pair{"rsa1024", 1024u}, {"rsa2048", 2048u}, {"rsa4096", 4096u}, {"ed25519", 0u}}) {
      auto key =
          PrivateKey::generate(bits == 0 ? Algorithm::Ed25519Sha256 : Algorithm::RsaSha256, bits);
      CHECK(key.has_value());
      records_[record_name(kDomain, name)] = record_text(**key);
      keys_[name] = std::move(*key);
    }
    for (const auto& [name, text] : records_) records << name << '\t' << text << '\n';
  }

  // Returns how many files there are.
  unsigned write(unsigned count) {
    for (unsigned number = 0; number < count; ++number) {
      const AwkwardMessage message = make_message(random_, number);
      const auto signers = signers_of(number);
      const auto fields = sign(signers, message::HeaderSection::parse(message.text()), kSigned);
      CHECK(fields.has_value());
      write_file(message, signers, "pass", *fields + message.text());
      // Of every message a changed one: all kinds of change on all kinds of message.
      write_file(message, signers, "fail", *fields + tampered(message, number));
    }
    return files_;
  }

 private:
  // All selectors with all canonicalizations, in turns that do not keep step with the bodies.
  std::vector<SigningIdentity> signers_of(unsigned number) {
    static const std::vector<std::vector<const char*>> selectors_in_turn = {
        {"rsa2048"}, {"ed25519"}, {"rsa1024"}, {"rsa2048", "ed25519"}, {"rsa4096"}};
    static constexpr const char* kPairs[] = {"relaxed/relaxed", "simple/simple", "relaxed/simple",
                                             "simple/relaxed"};
    std::vector<SigningIdentity> signers;
    for (const char* selector : selectors_in_turn[number % selectors_in_turn.size()]) {
      SigningIdentity signer;
      signer.domain = kDomain;
      signer.selector = selector;
      signer.key = keys_.at(selector);
      signer.canonicalization = *CanonicalizationPair::parse(
          kPairs[number / selectors_in_turn.size() % std::size(kPairs)]);
      if (number % 3 == 0) signer.expire = std::chrono::hours(24 * 365 * 100);
      if (number % 4 == 0) {
        for (const char* name :
             {"Received", "X-Custom", "X-Empty", "Comments", "Keywords", "X-Latin"}) {
          signer.signed_fields.emplace_back(name);
        }
      }
      signers.push_back(std::move(signer));
    }
    return signers;
  }

  static std::string tampered(AwkwardMessage message, unsigned number) {
    const auto from = std::ranges::find_if(message.fields, [](const std::string& field) {
      return field.starts_with("From:") || field.starts_with("from:") || field.starts_with("FROM:");
    });
    CHECK(from != message.fields.end());
    switch (number % 6) {
      case 0:
        message.body += message.body.ends_with("\r\n") ? "added\r\n" : "\r\nadded\r\n";
        break;
      case 1:
        message.body.insert(0, "x");
        break;
      case 2:
        from->insert(5, "x");
        break;
      case 3:
        message.fields.insert(message.fields.begin(), "Subject: put on top\r\n");
        break;
      case 4:
        message.fields.insert(message.fields.begin(), "From: <somebody.else@example.org>\r\n");
        break;
      default:
        message.fields.emplace_back("Content-Type: text/html\r\n");
        break;
    }
    return message.text();
  }

  void write_file(const AwkwardMessage& message, const std::vector<SigningIdentity>& signers,
                  const std::string& expected, const std::string& content) {
    const std::string name = std::to_string(10'000 + files_++).substr(1) + ".eml";
    judge(name, expected, content, signers.size());
    std::ofstream(folder_ / name, std::ios::binary) << content;
    manifest_ << name << '\t' << expected << '\t';
    const char* comma = "";
    for (const SigningIdentity& signer : signers) {
      manifest_ << comma << algorithm_text(signer.key->algorithm()) << ':' << signer.selector;
      comma = ",";
    }
    manifest_ << '\t';
    comma = "";
    for (const std::string& trait : message.traits) {
      manifest_ << comma << trait;
      comma = ",";
    }
    manifest_ << '\n';
  }

  void judge(const std::string& name, const std::string& expected, const std::string& content,
             std::size_t signatures) {
    const auto source = [&](std::string_view record) -> std::optional<std::string> {
      const auto found = records_.find(record);
      if (found == records_.end()) return std::nullopt;
      return found->second;
    };
    const auto results = verify(message::HeaderSection::parse(content), source, kSigned);
    bool right = results.size() == signatures;
    for (const SignatureResult& result : results) {
      right &= (result.verdict == Verdict::Pass) == (expected == "pass");
    }
    if (right) return;
    std::fprintf(stderr, "our own verifier does not say %s of %s\n", expected.c_str(),
                 name.c_str());
    std::exit(1);
  }

  std::filesystem::path folder_;
  std::mt19937 random_;
  std::ofstream manifest_;
  std::map<std::string, std::string, std::less<>> records_;
  std::map<std::string, Key> keys_;
  unsigned files_ = 0;
};

}  // namespace
}  // namespace signpost::dkim::interop

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fputs("usage: dkim_corpus FOLDER [SEED [COUNT]]\n", stderr);
    return 2;
  }
  const auto number = [&](int at, unsigned long otherwise) {
    return static_cast<unsigned>(argc > at ? std::strtoul(argv[at], nullptr, 10) : otherwise);
  };
  const unsigned seed = number(2, 1);
  signpost::dkim::interop::Corpus corpus(argv[1], seed);
  std::printf("%u files, seed %u\n", corpus.write(number(3, 400)), seed);
  return 0;
}
