#include "base/check.h"
#include "tlsrpt/report.h"

#include <zlib.h>

#include <cstddef>
#include <limits>
#include <string>

namespace signpost::tlsrpt {

// The bounds of tlsrpt/aggregate.h keep a report far below what one call can take.
std::string gzipped(std::string_view text) {
  constexpr int kGzipHeader = 16;  // added to the window's size
  constexpr int kMemory = 8;       // zlib's default
  CHECK(text.size() <= std::numeric_limits<uInt>::max());
  z_stream stream{};
  CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipHeader, kMemory,
                     Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  std::string input(text);  // which zlib's interface may change
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  CHECK(done == Z_STREAM_END);
  return out;
}

}  // namespace signpost::tlsrpt
