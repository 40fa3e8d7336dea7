// TXT records of _mta-sts.DOMAIN, one a line: whatever they are, an id is one or there is none.
#include "base/ascii.h"
#include "base/check.h"
#include "mta_sts/record.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace mta_sts = signpost::mta_sts;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> texts;
  for (const std::string_view line : signpost::ascii::split(text, '\n')) texts.emplace_back(line);
  const mta_sts::Record record = mta_sts::read_record(texts);
  const bool published = record.state == mta_sts::Record::State::Published;
  CHECK(published ? mta_sts::is_id(record.id) : record.id.empty());
  // Other records of the name change nothing.
  texts.emplace_back("v=spf1 -all");
  CHECK(mta_sts::read_record(texts).id == record.id);
  CHECK(mta_sts::read_record(texts).state == record.state);
  return 0;
}
