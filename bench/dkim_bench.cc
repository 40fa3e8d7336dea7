// What a signature costs a message: each step alone, and the whole of it. The body is 4 KB, the
// header section that of a newsletter.
#include "dkim/canonicalization.h"
#include "dkim/signature_hash.h"
#include "dkim/signer.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::dkim {
namespace {

constexpr std::size_t kBody = 4'096;
constexpr SystemTime kNow{std::chrono::seconds(1'767'225'600)};

constexpr std::string_view kHeader =
    "Received: from app1.example.com (app1.example.com [192.0.2.17])\r\n"
    "\tby mail.example.com with ESMTPSA id 0123456789abcdef\r\n"
    "\tfor <somebody.else@recipient.example>; Thu, 01 Jan 2026 00:00:00 +0000\r\n"
    "From: Example Newsletter <newsletter@example.com>\r\n"
    "Reply-To: Example Support <support@example.com>\r\n"
    "To: Somebody Else <somebody.else@recipient.example>\r\n"
    "Subject: =?UTF-8?Q?Your_weekly_news:_nine_things_that_you_should_not?=\r\n"
    " =?UTF-8?Q?_miss_before_the_weekend?=\r\n"
    "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
    "Message-ID: <20260101000000.0123456789abcdef@mail.example.com>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/alternative;\r\n"
    "\tboundary=\"----=_Part_18446744_073709551615\"\r\n"
    "List-Id: Example Newsletter <newsletter.example.com>\r\n"
    "List-Unsubscribe: <https://example.com/unsubscribe/0123456789abcdef0123456789abcdef>,\r\n"
    "\t<mailto:unsubscribe+0123456789abcdef@example.com>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    "Precedence: bulk\r\n"
    "X-Campaign: 2026-01\r\n"
    "X-Mailer: Example Mailer 7.1\r\n";

std::string body_of(std::string_view line) {
  std::string body;
  while (body.size() < kBody) body += line;
  return body;
}

// Nothing for relaxed canonicalization to change.
std::string plain_body() {
  return body_of("The quick brown fox jumps over the lazy dog, and nobody minds at all.\r\n");
}
// Something in every line.
std::string indented_body() {
  return body_of("    <td class=\"cell\">\tThe quick brown fox  jumps over the dog</td> \r\n");
}

class NullSink final : public ByteSink {
 public:
  void append(std::string_view piece) override { benchmark::DoNotOptimize(piece.data()); }
};

void canonicalize(benchmark::State& state, const std::string& body, Canonicalization method) {
  NullSink sink;
  for (auto _ : state) canonicalize_body(method, body, sink);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void body_relaxed_already(benchmark::State& state) {
  canonicalize(state, plain_body(), Canonicalization::Relaxed);
}
BENCHMARK(body_relaxed_already);

void body_to_relax(benchmark::State& state) {
  canonicalize(state, indented_body(), Canonicalization::Relaxed);
}
BENCHMARK(body_to_relax);

void body_simple(benchmark::State& state) {
  canonicalize(state, plain_body(), Canonicalization::Simple);
}
BENCHMARK(body_simple);

void hash_of_body(benchmark::State& state, const std::string& body) {
  for (auto _ : state) benchmark::DoNotOptimize(hash_body(Canonicalization::Relaxed, body));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK_CAPTURE(hash_of_body, relaxed_already, plain_body());
BENCHMARK_CAPTURE(hash_of_body, to_relax, indented_body());

void hash_of_header(benchmark::State& state, Canonicalization method) {
  const auto header = message::HeaderSection::parse(kHeader);
  std::vector<std::string_view> names;
  for (const std::string& name : default_signed_fields()) {
    names.insert(names.end(), header.count(name), name);
  }
  for (const std::string& name : default_oversigned_fields()) names.push_back(name);
  const std::string field =
      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;\r\n"
      "\tt=1767225600; h=From:To:Subject:Date:Message-ID; bh=; b=";
  for (auto _ : state)
    benchmark::DoNotOptimize(hash_header(method, FieldIndex(header), names, field));
}
BENCHMARK_CAPTURE(hash_of_header, simple, Canonicalization::Simple);
BENCHMARK_CAPTURE(hash_of_header, relaxed, Canonicalization::Relaxed);

std::shared_ptr<const PrivateKey> key_of(Algorithm algorithm, unsigned bits) {
  auto key = PrivateKey::generate(algorithm, bits);
  if (!key) std::abort();
  return *key;
}

// The operation with the key alone, which no tuning of ours can avoid.
void key_operation(benchmark::State& state, Algorithm algorithm, unsigned bits) {
  const auto key = key_of(algorithm, bits);
  const std::string digest(32, 'd');
  for (auto _ : state) benchmark::DoNotOptimize(key->sign(digest));
}
BENCHMARK_CAPTURE(key_operation, rsa_2048, Algorithm::RsaSha256, 2048);
BENCHMARK_CAPTURE(key_operation, ed25519, Algorithm::Ed25519Sha256, 0);

// As the relay does it: the content is parsed, then signed with all identities.
void sign_message(benchmark::State& state, const std::vector<SigningIdentity>& identities) {
  const std::string content = std::string(kHeader) + "\r\n" + plain_body();
  for (auto _ : state) {
    const auto fields = sign(identities, message::HeaderSection::parse(content), kNow);
    if (!fields) std::abort();
    benchmark::DoNotOptimize(fields->data());
  }
}

SigningIdentity identity_of(Algorithm algorithm) {
  SigningIdentity identity;
  identity.domain = "example.com";
  identity.selector = algorithm == Algorithm::RsaSha256 ? "s1" : "e1";
  identity.key = key_of(algorithm, 2048);
  return identity;
}

void sign_nothing(benchmark::State& state) { sign_message(state, {}); }
BENCHMARK(sign_nothing);
void sign_rsa_2048(benchmark::State& state) {
  sign_message(state, {identity_of(Algorithm::RsaSha256)});
}
BENCHMARK(sign_rsa_2048);
void sign_ed25519(benchmark::State& state) {
  sign_message(state, {identity_of(Algorithm::Ed25519Sha256)});
}
BENCHMARK(sign_ed25519);
void sign_both(benchmark::State& state) {
  sign_message(state, {identity_of(Algorithm::RsaSha256), identity_of(Algorithm::Ed25519Sha256)});
}
BENCHMARK(sign_both);

}  // namespace
}  // namespace signpost::dkim
