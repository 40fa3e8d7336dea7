#include "queue/lane.h"

namespace signpost::queue {

std::string_view holder_of(std::string_view account) {
  if (!account.starts_with('@')) return account;
  const std::size_t blank = account.rfind(' ');
  return blank == std::string_view::npos ? account : account.substr(blank + 1);
}

}  // namespace signpost::queue
