#include "admin/caller.h"

#include <fmt/format.h>
#include <pwd.h>

#include <array>

namespace signpost::admin {

std::string caller_text(const HttpPeer& peer) {
  if (!peer.account) return peer.address.text();
  std::array<char, 16 << 10> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(peer.account->uid, &entry, buffer.data(), buffer.size(), &found);
  return fmt::format("{}, uid {}, pid {}", found == nullptr ? "no account" : entry.pw_name,
                     peer.account->uid, peer.account->pid);
}

}  // namespace signpost::admin
