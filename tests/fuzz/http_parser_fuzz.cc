// A request is read within its bounds, and is the same one however it comes: all at once, or in
// pieces whose sizes the input's first octets say.
#include "admin/http_parser.h"
#include "base/check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using signpost::admin::HttpLimits;
using signpost::admin::HttpParser;

namespace {

using Step = HttpParser::Step;

constexpr HttpLimits kLimits{.head = 512, .fields = 8, .body = 64};

struct Outcome {
  Step step = Step::NeedsMore;
  signpost::admin::HttpRequest request;
  std::string rest;
};

Outcome read(std::string_view text, std::string_view sizes) {
  HttpParser parser(kLimits);
  Outcome outcome;
  for (std::size_t turn = 0; outcome.step == Step::NeedsMore && !text.empty(); ++turn) {
    const auto size =
        sizes.empty() ? text.size() : std::size_t{1} + (sizes[turn % sizes.size()] & 15);
    outcome.rest += text.substr(0, size);
    text.remove_prefix(std::min(size, text.size()));
    std::string_view rest = outcome.rest;
    bool has_head = false;
    while ((outcome.step = parser.read(rest)) == Step::Head) {
      CHECK(!has_head);
      has_head = true;
    }
    outcome.rest = rest;
    CHECK(outcome.step != Step::NeedsMore || rest.size() <= kLimits.head);
    CHECK(parser.request().headers.size() <= kLimits.fields);
    CHECK(parser.request().body.size() <= kLimits.body);
  }
  if (outcome.step == Step::Refused) CHECK(parser.refusal().status >= 400);
  outcome.rest += text;
  outcome.request = parser.request();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSizes = 4;
  if (size <= kSizes) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input.substr(kSizes);
  const Outcome whole = read(text, "");
  const Outcome pieces = read(text, input.substr(0, kSizes));
  // Input longer than a head may be too much to wait for, and yet be parsed once it has arrived.
  if (text.size() > kLimits.head) return 0;
  CHECK((whole.step == Step::Complete) == (pieces.step == Step::Complete));
  if (whole.step != Step::Complete) return 0;
  CHECK(whole.rest == pieces.rest);
  CHECK(whole.request.method == pieces.request.method);
  CHECK(whole.request.path == pieces.request.path);
  CHECK(whole.request.query == pieces.request.query);
  CHECK(whole.request.headers == pieces.request.headers);
  CHECK(whole.request.body == pieces.request.body);
  return 0;
}
