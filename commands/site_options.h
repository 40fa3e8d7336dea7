// The commands of `signpost site`: their options, and what each does.
#pragma once

#include <cstddef>
#include <string>

namespace signpost::commands {

struct SiteOptions {
  std::string name;
  std::string time;    // of a pause; "": until it is resumed
  std::string reason;  // of a pause
  std::size_t limit = 100;
  bool json = false;
};

// Each gives the exit code.
int list_sites(const SiteOptions& options, const std::string& config_file);
int show_site(const SiteOptions& options, const std::string& config_file);
int pause_site(const SiteOptions& options, const std::string& config_file);
int resume_site(const SiteOptions& options, const std::string& config_file);

}  // namespace signpost::commands
