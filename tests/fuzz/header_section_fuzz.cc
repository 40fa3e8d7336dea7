// The header section: fields, blank line and body are the content and nothing else.
#include "base/check.h"
#include "message/header_section.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace signpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const message::HeaderSection section = message::HeaderSection::parse(content);
  std::string joined;
  for (const message::HeaderField& field : section.fields()) {
    CHECK(!field.name.empty());
    CHECK(section.count(field.name) > 0 && section.first(field.name) != nullptr);
    CHECK(!message::unfold(field.value).contains("\r\n"));
    joined += field.raw;
  }
  CHECK(joined == section.text());
  CHECK(content.starts_with(section.text()) && content.ends_with(section.body()));
  const std::size_t between = content.size() - section.text().size() - section.body().size();
  if (section.malformed()) {
    CHECK(between == 0);
  } else {
    CHECK(between == 2 || (between == 0 && section.body().empty()));
  }
  return 0;
}
