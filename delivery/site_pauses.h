// The sites that operators have paused: their mail waits, and no connection is opened for it.
#pragma once

#include "base/clock.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {

struct SitePause {
  std::string site;  // NextHop::key, or NextHop::group: all sites of that group
  SystemTime since{};
  std::optional<SystemTime> until{};  // nothing: until it is resumed
  std::string by;                     // who asked for it
  std::string reason;                 // in the operator's words; "": none given
  friend bool operator==(const SitePause&, const SitePause&) = default;
};

// What an operator reads of it: "paused by root until 2026-03-01T12:00:00Z: maintenance".
std::string words_of(const SitePause& pause);

using SitePausePtr = std::shared_ptr<const SitePause>;

// Pure. Each is of one site or one group; a site may be paused by both.
class SitePauses {
 public:
  static constexpr std::size_t kMost = 1000;

  // Replaces that of the same site. False: there are kMost others.
  bool add(SitePause pause);
  bool remove(std::string_view site);  // false: it is not paused
  // Takes out those whose time is over, and returns them.
  std::vector<SitePausePtr> take_over(SystemTime now);

  SitePausePtr named(std::string_view site) const;  // null: it is not paused
  // What pauses a site with this key in this group, null if nothing does. A pause of a key without
  // sources pauses mail from all of them.
  SitePausePtr find(std::string_view key, std::string_view group) const;
  std::vector<SitePause> all() const;  // by name
  std::size_t size() const { return pauses_.size(); }

 private:
  std::map<std::string, SitePausePtr, std::less<>> pauses_;
};

}  // namespace signpost::delivery
