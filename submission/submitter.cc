#include "submission/submitter.h"

#include "config/config_values.h"
#include "submission/front_end.h"
#include "submission/revocation.h"
#include "submission/session_options.h"

#include <utility>

namespace signpost::submission {

Submitter::Submitter(std::shared_ptr<const relay::Settings> settings,
                     const config::ListenerConfig& listener, const Peer& peer)
    : settings_(std::move(settings)),
      compared_(settings_),
      listener_(listener.name),
      account_(peer.client.ip.account() ? peer.client.ip.text() : ""),
      trusted_(submission::is_trusted(listener, peer)),
      peer_(peer) {
  know_network();
}

void Submitter::speak_for(const smtp::XclientCommand& client,
                          const config::ListenerConfig& listener) {
  if (!front_) front_ = std::make_unique<const Peer>(peer_);
  peer_ = peer_of(client, *front_);
  trusted_ = submission::is_trusted(listener, peer_);
  elsewhere_.reset();
  know_network();
}

// A client of a tenant's network may send with that tenant's domains.
void Submitter::know_network() {
  network_.reset();
  if (!trusted_ || !account_.empty()) return;
  const auto* const tenant = config::find_tenant(*settings_->config, peer_.client.ip);
  if (tenant == nullptr) return;
  network_ = std::make_unique<const auth::User>(
      auth::User{.name = "", .password = "", .tenant = tenant->name});
}

// A login of another server may send as its own address, if it is one.
void Submitter::log_in(const std::string& login) {
  compared_ = settings_;  // who may send is decided again
  elsewhere_.reset();     // of a login before STARTTLS
  if (settings_->users) {
    const auth::Users::Alike listed = settings_->users->find_alike(login);
    if (listed.user != nullptr || listed.several) return;
  }
  auto sender = config::parse_sender_pattern(login);
  if (!sender || sender->starts_with('@')) return;
  elsewhere_ = std::make_unique<const auth::User>(
      auth::User{.name = login, .password = "", .senders = {std::move(*sender)}});
}

std::string Submitter::own_name(const std::string& login) const {
  const auto* const user = settings_->users ? settings_->users->find_alike(login).user : nullptr;
  return user != nullptr ? user->name : login;
}

void Submitter::compare(const std::shared_ptr<const relay::Settings>& in_force,
                        const std::string& proven) {
  if (in_force == compared_) return;
  compared_ = in_force;
  revoked_ = is_revoked({*settings_, listener_, peer_.client.ip, login(proven)}, *compared_);
}

const std::string& Submitter::login(const std::string& proven) const {
  return account_.empty() ? proven : account_;
}

Principal Submitter::principal(const std::string& proven) const {
  const std::string& name = login(proven);
  const auth::User* user = name.empty() ? network_.get() : elsewhere_.get();
  if (!name.empty() && user == nullptr && settings_->users) user = settings_->users->find(name);
  return {.login = name,
          .user = user,
          .trusted = trusted_,
          .revoked = revoked_,
          .client = peer_.client.ip};
}

relay::RecipientSource Submitter::source(const relay::Settings& settings,
                                         const std::string& proven) const {
  return {.config = *settings.config,
          .users = settings.users.get(),
          .login = login(proven),
          .client = peer_.client.ip};
}

const config::TenantConfig* Submitter::tenant(const std::string& proven) const {
  return relay::tenant_of(source(*settings_, proven));
}

}  // namespace signpost::submission
