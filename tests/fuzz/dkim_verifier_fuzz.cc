// Verification of any content, with the RFCs' key records. A signature that passes was made by a
// key that nobody here has: its message must be one of the corpus, give or take what may change.
#include "base/check.h"
#include "dkim/verifier.h"
#include "message/header_section.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

using namespace signpost;

namespace {

std::optional<std::string> published(std::string_view name) {
  static const std::map<std::string_view, std::string_view> records = {
      {"brisbane._domainkey.example.com",
       "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
       "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/"
       "NMqJ0fzfVjH4OuKhi"
       "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"},
      {"brisbane._domainkey.football.example.com",
       "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
      {"test._domainkey.football.example.com",
       "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhd"
       "R6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/"
       "8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5Q"
       "jvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"}};
  const auto found = records.find(name);
  if (found == records.end()) return std::nullopt;
  return std::string(found->second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const auto header = message::HeaderSection::parse(content);
  constexpr SystemTime kNow{std::chrono::seconds(1'767'225'600)};
  const auto results = dkim::verify(header, published, kNow);
  CHECK(results.size() <= header.count("DKIM-Signature"));
  for (const dkim::SignatureResult& result : results) {
    CHECK(result.reason.empty() == (result.verdict == dkim::Verdict::Pass));
    if (result.verdict != dkim::Verdict::Pass) continue;
    for (const std::string_view word : {"dinner", "SixPack", "lost"}) CHECK(content.contains(word));
  }
  return 0;
}
