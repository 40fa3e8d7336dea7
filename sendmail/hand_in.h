// Hands a letter to the relay over a connection.
#pragma once

#include "sendmail/letter.h"

#include <string>
#include <vector>

namespace signpost::sendmail {

struct Outcome {
  struct Refusal {
    std::string recipient;
    std::string reply;  // the relay's, in one line
  };
  std::vector<std::string> taken;
  std::vector<Refusal> refused;    // for good
  std::vector<std::string> later;  // refused for now, or the connection was lost: to be tried again
  std::string reason;              // of the first one in `later`
};

// Says all that is needed to the SMTP server at the other end of `fd`, a stream socket, and waits
// for its replies within limits that a program in a web server's request can bear. A recipient that
// is `later` since the reply to the last octet did not come may have the letter (RFC 1047). Blocks.
// REQUIRES: `letter` has a recipient
Outcome hand_in(int fd, const Letter& letter);

}  // namespace signpost::sendmail
