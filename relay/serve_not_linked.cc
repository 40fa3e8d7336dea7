// Stands in for serve.cc in a program without the daemon.
#include "relay/serve.h"

#include <cstdio>

namespace signpost::relay {

int serve(const std::string&) {
  std::fputs("signpost: serve: the daemon is not linked in\n", stderr);
  return 1;
}

}  // namespace signpost::relay
