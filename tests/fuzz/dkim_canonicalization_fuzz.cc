// Canonicalization against the reference that follows RFC 6376 section 3.4 word by word.
#include "base/check.h"
#include "dkim/canonicalization.h"
#include "tests/dkim/canonicalization_reference.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace signpost;
using dkim::Canonicalization;

namespace {

class StringSink final : public ByteSink {
 public:
  void append(std::string_view piece) override { text += piece; }
  std::string text;
};

std::string body(Canonicalization method, std::string_view text) {
  StringSink sink;
  dkim::canonicalize_body(method, text, sink);
  return sink.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string relaxed = body(Canonicalization::Relaxed, text);
  const std::string simple = body(Canonicalization::Simple, text);
  CHECK(relaxed == dkim::reference::relaxed_body(text));
  CHECK(simple == dkim::reference::simple_body(text));
  CHECK(body(Canonicalization::Relaxed, relaxed) == relaxed);
  CHECK(body(Canonicalization::Simple, simple) == simple);

  std::string field;
  dkim::canonicalize_field(Canonicalization::Relaxed, text, field);
  CHECK(field == (text.contains(':') ? dkim::reference::relaxed_field(text) : std::string(text)));
  field.clear();
  dkim::canonicalize_field(Canonicalization::Simple, text, field);
  CHECK(field == text);
  return 0;
}
