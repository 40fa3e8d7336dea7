// What operators do with sites: list, show, pause, resume.
#pragma once

#include "admin/services.h"
#include "admin/site_names.h"
#include "base/mutex.h"
#include "base/result.h"
#include "delivery/site_pauses.h"
#include "delivery/site_view.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::admin {

// Blocks on the DNS and on the file of the pauses: for the threads of the admin side's pool, never
// for a worker's.
class SiteControl {
 public:
  explicit SiteControl(const Services& services);

  struct Listing {
    delivery::SiteViews views;
    std::vector<delivery::SitePause> pauses;
  };
  Listing list(std::size_t limit) const;

  // Names are those of SiteNames::find(), and fail as they do there.
  struct Shown {
    std::string site;  // what the name stands for
    std::optional<delivery::SitePause> pause;
    delivery::SiteViews views;  // of the site, or of the group; one that has no mail is as usual
  };
  Result<Shown> show(const std::string& name) const;

  struct Wish {
    std::string name;
    std::optional<std::chrono::milliseconds> time{};  // nothing: until it is resumed
    std::string reason;
  };
  // The pause is on disk before it holds. `by` is who asked.
  Result<delivery::SitePause> pause(const Wish& wish, std::string_view by);
  // What was resumed. NotFound if that is not paused by itself.
  Result<std::string> resume(const std::string& name, std::string_view by);

 private:
  std::optional<delivery::SitePause> pause_of(const std::string& site) const;
  Result<void> save(const std::vector<delivery::SitePause>& pauses);

  const Services services_;
  const SiteNames names_;
  const std::string file_;
  Mutex changing_;  // the file and the scheduler have the same pauses when it is free
};

}  // namespace signpost::admin
