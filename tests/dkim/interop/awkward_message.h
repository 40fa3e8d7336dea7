// Messages as awkward as mail allows, made from a seed: with CRLF line ends and one From field,
// which is what the relay hands to the signer, and odd in everything else.
#pragma once

#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::dkim::interop {

struct AwkwardMessage {
  std::vector<std::string> fields;  // each with its CRLF; one begins with "From:"
  std::string body;
  std::set<std::string> traits;  // what is odd that a verifier may be unable to judge

  std::string text() const;
};

AwkwardMessage make_message(std::mt19937& random, unsigned number);

}  // namespace signpost::dkim::interop
