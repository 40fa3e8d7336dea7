// The keys that no form in value_forms.h fits: they fill more than one member, or "" or "0s" has a
// special meaning.
#pragma once

#include "config/config_reader.h"

namespace signpost::config {

Key<Config> user_key();
Key<ListenerConfig> listener_bind_key();
Key<LimitsConfig> memory_key();
Key<LimitsConfig> disk_free_key();
Key<DkimConfig> expire_key();
Key<OauthConfig> jwks_key();
Key<SourceConfig> warm_up_key();
Key<Config> trust_ad_key();
Key<Config> admin_bind_key();
Key<Config> admin_socket_key();

}  // namespace signpost::config
