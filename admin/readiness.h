// Whether mail is accepted, and why not: for /readyz and the metric signpost_ready.
#pragma once

#include "admin/services.h"
#include "base/enum_texts.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::admin {

enum class Hindrance : std::uint8_t { Draining, Storage, Disk, Memory };
constexpr std::array<std::string_view, 4> texts_of(Hindrance) {
  return {"draining", "storage", "disk", "memory"};
}

// Any thread. The hindrance in words; "" when it does not keep mail from being accepted.
std::string words_of(Hindrance hindrance, const Services& services);

std::string not_ready_reason(const Services& services);  // of the first hindrance; "" when ready

}  // namespace signpost::admin
