// Content made fit for a transport: what comes out is fit, parses as before, and stays as it is
// when it is made fit again.
#include "base/check.h"
#include "message/eight_bit.h"
#include "message/header_section.h"
#include "message/line_limit.h"
#include "message/recoding.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace signpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool seven_bit = data[0] % 2 == 1;
  const auto transport = seven_bit ? message::Transport::SevenBit : message::Transport::EightBit;
  const std::string content =
      "From: a@b.example\r\n" + std::string(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto before = message::HeaderSection::parse(content);
  if (before.malformed() || message::has_bare_octet(before.text())) return 0;

  const auto fit = message::recoded(content, transport);
  if (!fit) {
    CHECK(fit.error().line.start + fit.error().line.size <= content.size());
    CHECK(!fit.error().why.empty());
    return 0;
  }
  CHECK(!message::find_overlong_line(*fit) && !message::has_bare_octet(*fit));
  CHECK(fit->ends_with("\r\n"));
  const auto after = message::HeaderSection::parse(*fit);
  CHECK(!after.malformed() && after.count("From") == before.count("From"));
  const auto again = message::recoded(*fit, transport);
  CHECK(again && *again == *fit);
  if (seven_bit && after.fields().size() == after.count("From")) {
    CHECK(!message::has_eight_bit(after.body()));
  }
  return 0;
}
