// Takes bytes in pieces, in order.
#pragma once

#include <string_view>

namespace signpost {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void append(std::string_view piece) = 0;  // `piece` is valid during the call only
};

}  // namespace signpost
