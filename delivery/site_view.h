// A site as operators see it.
#pragma once

#include "base/clock.h"
#include "delivery/disposition.h"
#include "delivery/next_hop.h"
#include "delivery/site_pauses.h"
#include "queue/lane.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {

enum class SiteState : std::uint8_t {
  Paused,      // by an operator
  BackingOff,  // it could not be used, and is left alone until its next try
  Limited,     // more would go if its limits were higher, or if it took more connections
  Usable,
};
constexpr std::array<std::string_view, 4> texts_of(SiteState) {
  return {"paused", "backing_off", "limited", "usable"};
}

// A site, as listings and logs call it.
struct SiteName {
  std::string key;    // NextHop::key
  std::string group;  // NextHop::group
  friend bool operator==(const SiteName&, const SiteName&) = default;
};

// What holds up the mail of a site with this pause, for operators.
Disposition of_pause(const SitePause& pause);

// What a site is sent from one source.
struct ExitView {
  std::string source;     // Source::name
  std::string waits_for;  // in words; "" if nothing holds it up there
  std::size_t connections = 0;
  // Its own, or those that all sites of its group have from there.
  std::size_t shared_connections = 0;
  std::size_t connections_limit = 0;  // now
  unsigned percent = 100;             // of the usual, since it has asked for less
  struct Today {
    std::uint64_t sent = 0;  // messages
    std::uint64_t most = 0;
  };
  std::optional<Today> warm_up{};  // while there is such a limit
};

struct SiteView {
  NextHop hop;
  SiteState state = SiteState::Usable;
  std::string waits_for;  // in words; "" if nothing holds it up
  std::size_t connections = 0;
  std::size_t jobs = 0;   // in memory
  std::size_t lanes = 0;  // with jobs that are due
  // Its own, or those of its group; from all sources.
  std::size_t shared_connections = 0;
  std::size_t connections_limit = 0;  // now
  unsigned percent = 100;             // of the usual, since it has asked for less
  // While it backs off.
  std::size_t failures = 0;
  std::optional<SystemTime> next_try{};
  std::optional<std::chrono::seconds> away{};  // has not been reached for so long
  SitePausePtr pause;
  std::vector<ExitView> exits;
  std::vector<queue::Lane> some_lanes;  // only if they were asked for
};

struct SiteViews {
  std::vector<SiteView> sites;
  std::size_t total = 0;  // that there are
};

}  // namespace signpost::delivery
