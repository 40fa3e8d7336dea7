// The text of etc/providers.toml as it was when the program was built.
#pragma once

#include <string_view>

namespace signpost::providers {

extern const std::string_view kBuiltInText;

}  // namespace signpost::providers
