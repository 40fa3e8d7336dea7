// The command line: what all commands share, and one function per command that adds it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace signpost::commands {

enum ExitCode { kDone = 0, kRefused = 1, kWrongUsage = 2 };

struct CommandLine {
  std::string config_file = "/etc/signpost/signpost.toml";
  std::function<int()> run;  // the requested command; returns the exit code
};

// `line` must outlive `app`.
void add_serve_command(CLI::App& app, CommandLine& line);
void add_init_command(CLI::App& app, CommandLine& line);
void add_check_command(CLI::App& app, CommandLine& line);
void add_dkim_commands(CLI::App& app, CommandLine& line);
void add_user_commands(CLI::App& app, CommandLine& line);
void add_provider_commands(CLI::App& app, CommandLine& line);
void add_site_commands(CLI::App& app, CommandLine& line);
void add_tls_report_commands(CLI::App& app, CommandLine& line);
void add_reload_command(CLI::App& app, CommandLine& line);
void add_queue_commands(CLI::App& app, CommandLine& line);
void add_reference_command(CLI::App& app, CommandLine& line);
void add_sendmail_command(CLI::App& app, CommandLine& line);

// sendmail(1) with these words after its name, which may also be mailq or newaliases; returns an
// exit code of sysexits.h. `config_file`: if -C names no other.
int run_sendmail(std::string_view name, std::span<const std::string_view> words,
                 std::optional<std::string> config_file);

// One clear line on standard error for each message; returns kRefused.
int refuse(std::string_view message);
int refuse(const std::vector<std::string>& messages);

// The same for what is done, and probably not meant so.
void warn(std::string_view message);

void print(std::string_view text);  // to standard output

}  // namespace signpost::commands
