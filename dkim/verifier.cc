#include "dkim/verifier.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "dkim/key.h"
#include "dkim/key_record.h"
#include "dkim/signature_hash.h"
#include "dkim/tag_list.h"

#include <charconv>
#include <limits>
#include <utility>

namespace signpost::dkim {

namespace {

constexpr std::size_t kMaxSignatures = 20;  // of one message: verifying is not free

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The field with the value of b= deleted (section 3.5, "b=").
std::string without_signature(std::string_view raw) {
  std::size_t at = raw.find(':') + 1;
  while (at < raw.size()) {
    const std::size_t end = std::min(raw.find(';', at), raw.size());
    const std::string_view spec = raw.substr(at, end - at);
    const std::size_t equals = spec.find('=');
    if (equals != std::string_view::npos && ascii::trim(spec.substr(0, equals)) == "b") {
      return std::string(raw.substr(0, at + equals + 1)).append(raw.substr(end));
    }
    at = end + 1;
  }
  return std::string(raw);
}

bool is_same_or_below(std::string_view domain, std::string_view parent) {
  if (ascii::equals_ignore_case(domain, parent)) return true;
  return domain.size() > parent.size() && domain[domain.size() - parent.size() - 1] == '.' &&
         ascii::equals_ignore_case(domain.substr(domain.size() - parent.size()), parent);
}

struct Signature {
  Algorithm algorithm = Algorithm::RsaSha256;
  CanonicalizationPair canonicalization;
  std::string domain;
  std::string selector;
  std::string identity_domain;  // of i=
  std::string body_hash;        // raw
  std::string signature;        // raw
  std::vector<std::string> names;
  std::optional<std::uint64_t> length;  // l=
};

Result<void> check_times(const TagList& tags, SystemTime now) {
  const auto wrong = [](const char* what) { return fail(Errc::InvalidArgument, what); };
  std::optional<std::uint64_t> made;
  if (const auto t = tags.find("t")) {
    made = number(*t);
    if (!made) return wrong("t= is not a number");
  }
  const auto x = tags.find("x");
  if (!x) return {};
  const auto expires = number(*x);
  if (!expires) return wrong("x= is not a number");
  if (made && *expires <= *made) return wrong("x= is not after t=");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  if (std::cmp_greater(seconds.count(), *expires)) return wrong("expired");
  return {};
}

Result<Signature> parse(const TagList& tags, SystemTime now) {
  const auto wrong = [](const char* what) { return fail(Errc::InvalidArgument, what); };
  for (const char* required : {"v", "a", "b", "bh", "d", "h", "s"}) {
    if (!tags.find(required)) {
      return fail(Errc::InvalidArgument, std::string("no ") + required + "=");
    }
  }
  Signature signature;
  if (*tags.find("v") != "1") return wrong("v= is not 1");
  const std::string_view a = *tags.find("a");
  if (a == "ed25519-sha256") {
    signature.algorithm = Algorithm::Ed25519Sha256;
  } else if (a != "rsa-sha256") {
    return wrong("a= is not known, or is too weak (RFC 8301)");
  }
  const auto c = CanonicalizationPair::parse(tags.find("c").value_or("simple/simple"));
  if (!c) return wrong("c= is not known");
  signature.canonicalization = *c;
  signature.domain = *tags.find("d");
  signature.selector = *tags.find("s");
  signature.identity_domain = signature.domain;
  if (const auto i = tags.find("i")) {
    const std::size_t at = i->rfind('@');
    if (at == std::string_view::npos) return wrong("i= has no domain");
    signature.identity_domain = i->substr(at + 1);
  }
  if (!is_same_or_below(signature.identity_domain, signature.domain)) {
    return wrong("i= is not below d=");
  }
  const auto bh = base64::decode(without_white_space(*tags.find("bh")));
  const auto b = base64::decode(without_white_space(*tags.find("b")));
  if (!bh || !b) return wrong("bh= or b= is not base64");
  signature.body_hash = *bh;
  signature.signature = *b;
  bool from = false;
  for (const std::string_view name : ascii::split(*tags.find("h"), ':')) {
    signature.names.emplace_back(ascii::trim(name));
    from |= ascii::equals_ignore_case(signature.names.back(), "from");
  }
  if (!from) return wrong("h= does not name From");
  if (const auto l = tags.find("l")) {
    signature.length = number(*l);
    if (!signature.length) return wrong("l= is not a number");
  }
  if (const auto q = tags.find("q"); q && q->find("dns/txt") == std::string_view::npos) {
    return wrong("q= is not known");
  }
  if (auto times = check_times(tags, now); !times) return Failure(std::move(times).error());
  return signature;
}

struct Judgement {
  Verdict verdict;
  std::string reason;
};

Judgement judge(const Signature& signature, const message::HeaderSection& header,
                const message::HeaderField& field, const RecordSource& records) {
  const auto text = records(record_name(signature.domain, signature.selector));
  if (!text) return {Verdict::PermError, "no key record"};
  const auto record = parse_key_record(*text);
  if (!record) return {Verdict::PermError, record.error().detail};
  if (record->public_key.empty()) return {Verdict::PermError, "the key is revoked"};
  if (record->algorithm != signature.algorithm) {
    return {Verdict::PermError, "the key record is for another algorithm"};
  }
  if (record->strict && !ascii::equals_ignore_case(signature.identity_domain, signature.domain)) {
    return {Verdict::PermError, "i= is below d=, which t=s forbids"};
  }
  const auto key = PublicKey::from_base64(record->algorithm, record->public_key);
  if (!key) return {Verdict::PermError, key.error().detail};

  const auto body = hash_body(signature.canonicalization.body, header.body(),
                              signature.length.value_or(std::numeric_limits<std::uint64_t>::max()));
  if (signature.length && *signature.length > body.octets) {
    return {Verdict::PermError, "l= is longer than the body"};  // section 3.5
  }
  if (view(body.digest) != signature.body_hash) return {Verdict::Fail, "the body has changed"};
  const std::vector<std::string_view> names(signature.names.begin(), signature.names.end());
  const auto digest = hash_header(signature.canonicalization.header, FieldIndex(header, &field),
                                  names, without_signature(field.raw));
  if (!key->verify(view(digest), signature.signature)) {
    return {Verdict::Fail, "the header section has changed, or the key is a different one"};
  }
  return {Verdict::Pass, ""};
}

SignatureResult verify_one(const message::HeaderSection& header, const message::HeaderField& field,
                           const RecordSource& records, SystemTime now) {
  SignatureResult result;
  const auto tags = TagList::parse(field.value);
  if (!tags) {
    result.reason = tags.error().detail;
    return result;
  }
  result.domain = tags->find("d").value_or("");
  result.selector = tags->find("s").value_or("");
  result.algorithm = tags->find("a").value_or("");
  const auto signature = parse(*tags, now);
  if (!signature) {
    result.reason = signature.error().detail;
    return result;
  }
  Judgement judgement = judge(*signature, header, field, records);
  result.verdict = judgement.verdict;
  result.reason = std::move(judgement.reason);
  return result;
}

}  // namespace

std::vector<SignatureResult> verify(const message::HeaderSection& header,
                                    const RecordSource& records, SystemTime now) {
  std::vector<SignatureResult> results;
  for (const message::HeaderField& field : header.fields()) {
    if (field.is("DKIM-Signature") && results.size() < kMaxSignatures) {
      results.push_back(verify_one(header, field, records, now));
    }
  }
  return results;
}

}  // namespace signpost::dkim
