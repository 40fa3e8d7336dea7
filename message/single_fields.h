// Fields that a message may have once (RFC 5322 section 3.6), in a message that has them twice, as
// PHP's mail() makes it when the headers handed to it repeat the recipients. Large receivers refuse
// such mail, and two readers may show two messages.
#pragma once

#include "message/header_section.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::message {

// Views into the section, which must outlive it.
class SingleFields {
 public:
  explicit SingleFields(const HeaderSection& section);

  // Two fields of one name of which the message can keep only one, and that say different things.
  struct Clash {
    const HeaderField* first = nullptr;
    const HeaderField* other = nullptr;
  };
  const std::optional<Clash>& clash() const { return clash_; }

  // The raw field to write in place of `field`, one of the section: "" to leave out what an earlier
  // one says already; To, Cc and Reply-To become one list. Nothing: `field` stays as it is.
  std::optional<std::string_view> instead_of(const HeaderField& field) const;

 private:
  void join(const HeaderField& first, const HeaderField& other);
  void replace(const HeaderField& field, std::string raw);

  std::optional<Clash> clash_;
  std::vector<std::pair<const HeaderField*, std::string>> changed_;
};

}  // namespace signpost::message
