// Any octets as mail data, in pieces, and as content: both must agree with the plain reference. The
// first octet chooses the size of the pieces.
#include "base/check.h"
#include "smtp/mail_data.h"
#include "tests/support/mail_data_reference.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace signpost;

class StringSink final : public ByteSink {
 public:
  void append(std::string_view piece) override { content += piece; }
  std::string content;
};

smtp::DecodedMailData decoded(std::string_view data, std::size_t piece) {
  smtp::MailDataDecoder decoder;
  StringSink sink;
  std::string pending;
  while (!data.empty()) {
    pending += data.substr(0, piece);
    data.remove_prefix(std::min(piece, data.size()));
    pending.erase(0, decoder.decode(pending, sink));
    CHECK(decoder.at_end() || pending.size() <= 2);
  }
  return {sink.content,          pending,           decoder.at_end(),      decoder.saw_bare_lf(),
          decoder.saw_bare_cr(), decoder.saw_nul(), decoder.longest_line()};
}

std::string stuffed(std::string_view content, std::size_t limit) {
  smtp::DotStuffer stuffer(content);
  std::string data;
  for (auto piece = stuffer.next(limit); !piece.empty(); piece = stuffer.next(limit)) {
    CHECK(piece.size() <= limit);
    data += piece;
  }
  CHECK(stuffer.done());
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = 1 + data[0] % 32;
  const auto expected = smtp::reference_decoded(input);
  CHECK(decoded(input, size) == expected);
  CHECK(decoded(input, piece) == expected);
  CHECK(stuffed(input, 7 + piece) == smtp::reference_stuffed(input));
  // What was decoded has whole lines, unless the input ended within one: it comes back unharmed.
  if (expected.content.empty() || expected.content.ends_with("\r\n")) {
    const auto again = decoded(stuffed(expected.content, 7 + piece), piece);
    CHECK(again.content == expected.content && again.at_end && again.rest.empty());
  }
  return 0;
}
