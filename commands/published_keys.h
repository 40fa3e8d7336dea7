// Whether the DKIM keys of the configuration are the ones that are published.
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "dkim/key.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace signpost::commands {

enum class Published : std::uint8_t { Same, Wrong, Unknown };  // Unknown: not to be looked up now

struct PublishedKey {
  std::size_t table = 0;  // which of `config.dkim`
  std::string name;       // of the record: "s1._domainkey.shop.example"
  std::string problem;    // empty: it has the public half of our key
  Published state = Published::Same;
};

// Asks the name servers of `config` for the record of each of its DKIM keys; `keys[i]` is that of
// `config.dkim[i]`, null if it is not to be asked for. Blocks, at most half a minute when no server
// answers. Any thread that runs no loop.
Result<std::vector<PublishedKey>> look_up_keys(
    const config::Config& config, const std::vector<std::shared_ptr<const dkim::PrivateKey>>& keys);

// What is wrong with `texts`, the TXT records found under one name; "" if there is one, and it fits
// `key`.
std::string problem_of_records(const std::vector<std::string>& texts, const dkim::PrivateKey& key);

}  // namespace signpost::commands
