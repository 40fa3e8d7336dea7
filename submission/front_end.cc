#include "submission/front_end.h"

namespace signpost::submission {

Peer peer_of(const smtp::XclientCommand& client, const Peer& front) {
  Peer peer = front;
  peer.name = client.name.value_or("");
  if (!client.address) return peer;
  const auto address = net::IpAddress::parse(*client.address);
  if (!address) {
    peer.is_unknown = true;
    return peer;
  }
  peer.client = {.ip = *address, .port = client.port.value_or(0)};
  if (!peer.proxy) peer.proxy = front.client;
  return peer;
}

}  // namespace signpost::submission
