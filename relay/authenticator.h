// Checks a login's password without holding up the event loop.
#pragma once

#include "net/address.h"
#include "relay/worker.h"
#include "smtp/server_dialog.h"

#include "auth/users.h"
#include <functional>
#include <memory>
#include <string>

namespace signpost::relay {

using AuthenticationDone =
    std::function<void(const std::string& login, smtp::ServerDialog::PasswordResult result)>;

// The worker's thread; `done` runs there too, never from within the call. A password that was right
// a while ago is known at once; others are hashed on the thread pool. A rejection comes a second
// late, so that guessing is slow, and after many of them the answer is Locked without a look at the
// password (relay/login_guard.h). While too many checks wait, the answer is Unavailable.
void authenticate(Worker& worker, const net::IpAddress& client,
                  std::shared_ptr<const auth::Users> users, std::string login, std::string password,
                  AuthenticationDone done);

}  // namespace signpost::relay
