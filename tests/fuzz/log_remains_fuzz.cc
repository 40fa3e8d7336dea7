// A log or a blob file of any octets: reading past damage ends, what is whole is part of the file,
// and what is recognised encodes again and lies within the octets.
#include "base/check.h"
#include "rocks/codec.h"
#include "rocks/salvage/blob_records.h"
#include "rocks/salvage/log_records.h"
#include "rocks/salvage/log_remains.h"
#include "rocks/salvage/version_edit.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost;
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  rocks::LogReader reader;
  std::string records;
  reader.read(file, records);
  CHECK(records.size() <= file.size());
  rocks::LogOutline outline;
  for (std::size_t at = 0; at < file.size(); at += rocks::kLogBlockSize) {
    outline.take(file.substr(at, rocks::kLogBlockSize));
  }
  (void)rocks::read_version_edit(file);
  const std::string raw = rocks::without_block_headers(std::string(file));
  CHECK(raw.size() <= file.size());

  rocks::find_blobs(file, [&](const queue::MessageId&, std::size_t offset, std::size_t blob) {
    CHECK(offset <= file.size() && blob <= file.size() - offset);
    (void)rocks::blob_is_whole(file, offset, blob);
  });

  const std::string_view sources[] = {records, raw};
  rocks::Remains remains;
  rocks::search_log(records, 0, true, {}, remains);
  rocks::search_log(raw, 1, false, {}, remains);
  for (const auto& [id, of] : remains.messages) {
    CHECK(of.source < 2);
    const std::string_view source = sources[of.source];
    CHECK(of.content_offset <= source.size());
    CHECK(of.content_size <= source.size() - of.content_offset);
    if (of.envelope) {
      CHECK(of.envelope->id == id);
      (void)rocks::encode_envelope(*of.envelope);
    }
    for (const queue::Job& job : of.jobs) {
      CHECK(job.ref.id == id);
      (void)rocks::encode_job(job);
    }
    CHECK(!of.certain || of.envelope);
  }
  return 0;
}
