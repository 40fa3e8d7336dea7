#include "relay/sender_pattern.h"

#include "config/config.h"

namespace signpost::relay {

bool sender_matches(const std::string& pattern, const smtp::ReversePath& reverse_path) {
  if (pattern.empty() || !reverse_path) return pattern.empty() && !reverse_path;
  return config::sender_matches(pattern, reverse_path->text());
}

}  // namespace signpost::relay
