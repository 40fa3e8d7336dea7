// Who hands in mail in a session: the client, and what it may do with the login that it has proven.
#pragma once

#include "auth/user.h"
#include "config/config.h"
#include "relay/recipient_limits.h"
#include "relay/settings.h"
#include "smtp/xclient.h"
#include "submission/acceptance.h"
#include "submission/peer.h"

#include <memory>
#include <string>

namespace signpost::submission {

// Belongs to its session, and has no login of its own: `proven` is the dialog's, "" before AUTH.
class Submitter {
 public:
  // A client of `listener`. `settings` are those in force, by which the session judges it to its
  // end.
  Submitter(std::shared_ptr<const relay::Settings> settings, const config::ListenerConfig& listener,
            const Peer& peer);

  const Peer& peer() const { return peer_; }
  const std::shared_ptr<const relay::Settings>& settings() const { return settings_; }
  const std::string& listener() const { return listener_; }  // its name
  bool is_trusted() const { return trusted_; }

  // XCLIENT: the front end that connected speaks for another client, as if that had connected now.
  void speak_for(const smtp::XclientCommand& client, const config::ListenerConfig& listener);
  // Then what who connected has shown, such as a certificate, is not the client's.
  bool is_spoken_for() const { return front_ != nullptr; }
  // `login` was proven, or a front end has vouched for it.
  void log_in(const std::string& login);
  // The login of users.toml that a front end means, which may write it in another case; any other
  // name as it is.
  std::string own_name(const std::string& login) const;
  // A reload may have taken the client's rights: looked at once for each, and not at all without.
  void compare(const std::shared_ptr<const relay::Settings>& in_force, const std::string& proven);

  // As whom it sends: "uid:33" of an account at a unix socket, else what it has proven.
  const std::string& login(const std::string& proven) const;
  // Both refer to this object and to `proven`.
  Principal principal(const std::string& proven) const;
  relay::RecipientSource source(const relay::Settings& settings, const std::string& proven) const;
  const config::TenantConfig* tenant(const std::string& proven) const;  // null: none

 private:
  void know_network();

  const std::shared_ptr<const relay::Settings> settings_;
  std::shared_ptr<const relay::Settings> compared_;  // with settings_
  const std::string listener_;
  const std::string account_;  // "" at other sockets
  bool trusted_;
  bool revoked_ = false;
  Peer peer_;
  // Apart, as most sessions have none of them.
  std::unique_ptr<const Peer> front_;            // who connected, when that is another than peer_
  std::unique_ptr<const auth::User> network_;    // what a tenant's network may do
  std::unique_ptr<const auth::User> elsewhere_;  // a login that is not in users.toml
};

}  // namespace signpost::submission
