// Which addresses a login may send with: as reverse-path, and in From:, Sender:, Resent-From: and
// Resent-Sender:.
//
//   the login has     it may use
//   ----------------  --------------------------------------------------------------------------
//   senders           these (which are in the tenant's domains, if it has a tenant too)
//   a tenant          the tenant's domains; so does a client of a tenant's network without a login
//   neither           any domain that we hold a key for, and any at all while there is no key;
//                     among several logins, none that a tenant or another login's senders have
#pragma once

#include "auth/user.h"
#include "relay/settings.h"

#include <string>
#include <string_view>

namespace signpost::submission {

// `address`: "local@domain". "" stands for a header field that does not clearly name an address; it
// belongs to nobody, so that such a field cannot bypass this.
bool may_send_as(const relay::Settings& settings, const auth::User& user, std::string_view address);

// What it may use, for a reply: "@shop.example, news@b.example".
std::string allowed_text(const auth::User& user, const relay::Settings& settings);

// Whether we hold a key for the domain, which may be in Unicode.
bool has_key(const relay::Settings& settings, std::string_view domain);

}  // namespace signpost::submission
