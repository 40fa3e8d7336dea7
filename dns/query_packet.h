// Query packets and the system's name servers, both by c-ares. Internal to dns/.
#pragma once

#include "base/result.h"
#include "dns/question.h"
#include "net/address.h"

#include <cstdint>
#include <vector>

namespace signpost::dns {

// Of /etc/resolv.conf; 127.0.0.1 if it names none.
Result<std::vector<net::SocketAddress>> system_servers();

// Asks for recursion, for answers up to 1,232 octets (EDNS), and whether they were validated (AD).
// REQUIRES: the name is canonical (name.h)
Result<std::vector<unsigned char>> make_query(const Question& question, std::uint16_t identifier);

// The same query for a server that does not know EDNS. REQUIRES: made by make_query()
std::vector<unsigned char> without_edns(std::vector<unsigned char> query);

}  // namespace signpost::dns
