// How many recipients somebody may send to, and who that is.
#pragma once

#include "base/clock.h"
#include "base/enum_texts.h"
#include "config/config.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::quota {

// Whose recipients are counted together.
enum class Scope : std::uint8_t { Login, Client, Tenant, Server };
constexpr std::array<std::string_view, 4> texts_of(Scope) {
  return {"login", "client", "tenant", "server"};
}

enum class Kind : std::uint8_t { Rate, Daily };
constexpr std::array<std::string_view, 2> texts_of(Kind) { return {"rate", "daily"}; }

// Nothing: no limit of that kind.
struct Limits {
  std::optional<config::Rate> rate;    // all of it at once, or spread over its period
  std::optional<std::uint64_t> daily;  // from 00:00 to 24:00 UTC

  bool any() const { return rate || daily; }
  friend bool operator==(const Limits&, const Limits&) = default;
};

// One who has limits.
struct Holder {
  Scope scope = Scope::Login;
  std::string name;  // of the login or tenant; a client's address; "" of the server
  Limits limits;
};

// A limit that is used to a degree, or that has no room.
struct Mark {
  Scope scope = Scope::Login;
  std::string name;
  Kind kind = Kind::Rate;
  std::uint64_t used = 0;  // rounded up
  std::uint64_t most = 0;
  std::chrono::seconds period{};  // in which `most` may be used
};

// The beginning of the next day in UTC.
SystemTime next_day(SystemTime now);

}  // namespace signpost::quota
