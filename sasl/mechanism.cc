#include "sasl/mechanism.h"

#include "base/ascii.h"

#include <algorithm>
#include <cstddef>

namespace signpost::sasl {

namespace {

struct Row {
  Mechanism mechanism;
  std::string_view name;
  bool takes_token = false;
  bool shows_secret = false;
};
constexpr std::array<Row, kMechanisms.size()> kRows{
    {{.mechanism = Mechanism::ScramSha256, .name = "SCRAM-SHA-256"},
     {.mechanism = Mechanism::ScramSha1, .name = "SCRAM-SHA-1"},
     {Mechanism::OauthBearer, "OAUTHBEARER", true, true},
     {Mechanism::Xoauth2, "XOAUTH2", true, true},
     {Mechanism::Plain, "PLAIN", false, true},
     {Mechanism::Login, "LOGIN", false, true}}};
static_assert(std::ranges::equal(kRows, kMechanisms, {}, &Row::mechanism));

const Row& row(Mechanism mechanism) { return kRows[static_cast<std::size_t>(mechanism)]; }

}  // namespace

std::string_view name_of(Mechanism mechanism) { return row(mechanism).name; }

std::optional<Mechanism> mechanism_named(std::string_view name) {
  const auto found = std::ranges::find_if(
      kRows, [&](const Row& each) { return ascii::equals_ignore_case(each.name, name); });
  if (found == kRows.end()) return std::nullopt;
  return found->mechanism;
}

bool takes_token(Mechanism mechanism) { return row(mechanism).takes_token; }
bool shows_secret(Mechanism mechanism) { return row(mechanism).shows_secret; }

}  // namespace signpost::sasl
