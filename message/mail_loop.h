// Distinguishes a message that loops back to this relay from one that passes through it again.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::message {

class HeaderSection;

// Whose loop it would be. With an empty `host` nothing is a loop.
struct LoopFacts {
  std::string host{};                             // our name, as our Received fields have it
  bool (*is_own_id)(std::string_view) = nullptr;  // whether this is a queue ID of our form
  std::vector<std::string> recipients{};          // of the transaction, "local@domain"
};

// Where mail goes depends on its recipient: one that was here for a recipient of this transaction
// goes the same way again; our Received field in it shows this when it names that recipient.
// Mail that was forwarded, or sent on by a list, passes through us again for another one, and is no
// loop before it has done so kMostVisits times. (A message of several recipients names none, so its
// loop ends there.) Another server of our name, a Postfix on the same machine, has other IDs.
inline constexpr std::size_t kMostVisits = 3;
bool is_in_loop(const HeaderSection& section, const LoopFacts& facts);

}  // namespace signpost::message
