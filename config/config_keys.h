// Every key of the configuration file, bound to its member: the one table that the reader, the
// error messages and the reference (docs/configuration.md, `signpost check --keys`) are made from.
#pragma once

#include "config/config_reader.h"
#include <string>
#include <vector>

namespace signpost::config {

const Keys<Config>& general_keys();  // before the first table
const Keys<ListenerConfig>& listener_keys();
const Keys<TlsConfig>& tls_keys();
const Keys<Config>& auth_keys();
const Keys<LimitsConfig>& limits_keys();
const Keys<DkimConfig>& dkim_keys();
const Keys<Config>& signing_keys();
const Keys<Config>& dns_keys();
const Keys<DeliveryConfig>& delivery_keys();
const Keys<RetryConfig>& retry_keys();
const Keys<DestinationConfig>& destination_keys();
const Keys<RouteConfig>& route_keys();
const Keys<Config>& admin_keys();
const Keys<Config>& log_keys();

struct SectionText {
  std::string name;   // "" before the first table
  bool list = false;  // [[name]], as many as wanted
  std::vector<KeyText> keys;
};

std::string section_header(const SectionText& section);  // "[tls]", "[[listener]]"

// All sections in the order of the reference.
const std::vector<SectionText>& configuration_reference();

}  // namespace signpost::config
