// The commands of `signpost queue`: their options, and what each does.
#pragma once

#include "commands/admin_client.h"

#include <cstddef>
#include <string>

namespace signpost::commands {

struct QueueOptions {
  std::string id;
  std::string to;
  std::string from;
  std::string user;
  std::string site;
  std::string tenant;
  std::string state;
  std::string reason;     // of a bounce
  std::string via;        // of a redirection
  bool clear = false;     // takes it back
  std::size_t limit = 0;  // 0: all
  bool all = false;
  bool json = false;
  bool yes = false;
};

// As parameters of a request: empty ones are left out.
AdminClient::Parameters filter_parameters(const QueueOptions& options);

// Each gives the exit code.
int list_queue(const QueueOptions& options, const std::string& config_file);
int explain_jobs(const QueueOptions& options, const std::string& config_file);
int show_message(const QueueOptions& options, const std::string& config_file);
int sum_up_queue(const QueueOptions& options, const std::string& config_file);
int retry_jobs(const QueueOptions& options, const std::string& config_file);
int hold_jobs(const QueueOptions& options, const std::string& config_file);
int release_jobs(const QueueOptions& options, const std::string& config_file);
int remove_jobs(const QueueOptions& options, const std::string& config_file);
int bounce_jobs(const QueueOptions& options, const std::string& config_file);
int redirect_jobs(const QueueOptions& options, const std::string& config_file);

}  // namespace signpost::commands
