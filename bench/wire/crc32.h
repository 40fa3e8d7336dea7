// CRC-32 (IEEE 802.3, as in gzip and PNG): finds damaged bodies at the speed of the wire.
#pragma once

#include <cstdint>
#include <string_view>

namespace signpost::bench {

std::uint32_t crc32(std::string_view bytes);

}  // namespace signpost::bench
