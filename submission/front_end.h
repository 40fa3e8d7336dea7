// What a front end, such as nginx or Dovecot, says in XCLIENT about the client for which it speaks.
#pragma once

#include "smtp/xclient.h"
#include "submission/peer.h"

namespace signpost::submission {

// The client of a connection of `front`. Without an address it is still the front end's; one that
// the front end does not know is trusted in nothing. Pure.
Peer peer_of(const smtp::XclientCommand& client, const Peer& front);

}  // namespace signpost::submission
