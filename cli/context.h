#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/hub.h"

namespace CLI {
class App;
}

namespace waag::cli {

/// What a command runs with.
struct Context {
  const World& world;
  Hub hub;
  bool json = false;

  /// Prints why the call failed. @return the exit code for it
  int refuse(const Hub::Failure& failure) const;
  /// With --json prints the answer and returns true.
  bool printed(const Hub::Answer& answer) const;
};

using Command = std::function<int(Context&)>;

// Each adds its subcommands to the parser; the one that the user names puts itself into `chosen`.
void add_status(CLI::App& app, Command& chosen);
void add_stats(CLI::App& app, Command& chosen);
void add_user_commands(CLI::App& app, Command& chosen);
void add_token_commands(CLI::App& app, Command& chosen);
void add_org_commands(CLI::App& app, Command& chosen);
void add_access_commands(CLI::App& app, Command& chosen);
void add_repo_commands(CLI::App& app, Command& chosen);
void add_job_commands(CLI::App& app, Command& chosen);
void add_pull(CLI::App& app, Command& chosen);
void add_convert(CLI::App& app, Command& chosen);
void add_cert_commands(CLI::App& app, Command& chosen);
void add_import(CLI::App& app, Command& chosen);
void add_mirror_commands(CLI::App& app, Command& chosen);
// Below "repo".
void add_repo_usage(CLI::App& repo_group, Command& chosen);
void add_repo_settings(CLI::App& repo_group, Command& chosen);
void add_repo_requests(CLI::App& repo_group, Command& chosen);

}  // namespace waag::cli
