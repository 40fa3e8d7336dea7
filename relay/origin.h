// Whose mail it is, as far as its way depends on it.
#pragma once

#include "smtp/address.h"

#include <string_view>

namespace signpost::relay {

struct Origin {
  std::string_view login;  // "": none
  const smtp::ReversePath& reverse_path;
};

}  // namespace signpost::relay
