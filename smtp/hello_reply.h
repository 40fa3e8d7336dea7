// What the server announces when a client greets it (RFC 5321 section 4.1.1.1). Private to smtp/.
#pragma once

#include "smtp/command.h"
#include "smtp/reply.h"
#include "smtp/server_options.h"

namespace signpost::smtp {

Reply hello_reply(const ServerOptions& options, const HelloCommand& hello);

}  // namespace signpost::smtp
