// The TXT record of _mta-sts.DOMAIN, which says that a domain has an MTA-STS policy and which
// version of it is current (RFC 8461 section 3.1). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signpost::mta_sts {

struct Record {
  enum class State {
    None,  // no text begins with "v=STSv1;"
    Published,
    Broken,  // several do, or one that is not of the form. For delivery the same as None
  };
  State state = State::None;
  std::string id;  // 1 to 32 letters and digits if it is published, else ""
};

// `texts`: the strings of each TXT record, joined.
Record read_record(const std::vector<std::string>& texts);

// Whether `text` may be an id: 1 to 32 letters and digits.
bool is_id(std::string_view text);

}  // namespace signpost::mta_sts
