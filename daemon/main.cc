#include <csignal>
#include <exception>
#include <iostream>

#include <sys/resource.h>
#include <unistd.h>

#include "daemon/command_line.h"
#include "daemon/daemon.h"
#include "daemon/http/api_doc.h"
#include "daemon/offline.h"

namespace {

using namespace waag::daemon;

Environment environment() {
  Environment all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != text.npos)
      all.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return all;
}

/// To be called before any thread exists: threads inherit the mask, so only wait_for_stop sees
/// them.
sigset_t hold_stop_signals() {
  sigset_t stops;
  ::sigemptyset(&stops);
  ::sigaddset(&stops, SIGTERM);
  ::sigaddset(&stops, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // sendfile has no flag for it
  return stops;
}

/// Connections and packs need more descriptors than the usual soft limit of 1,024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(const Config& config) {
  const sigset_t stops = hold_stop_signals();
  raise_descriptor_limit();
  Log log(waag::storage::system_clock(), log_options(config), standard_error_sink());
  auto daemon = Daemon::start(config, log);
  if (!daemon) {
    std::cerr << "waagd: " << daemon.error().what << '\n';
    return exit_failed;
  }
  int signal = 0;
  ::sigwait(&stops, &signal);
  const auto stopped = (*daemon)->stop();
  if (!stopped) std::cerr << "waagd: " << stopped.error().what << '\n';
  return stopped ? 0 : exit_failed;
}

int run(const CommandLine& line) {
  const Config& config = line.loaded.config;
  switch (line.command) {
    case Command::serve:
      return serve(config);
    case Command::fsck:
      return run_fsck(config, line.repair, std::cout);
    case Command::rebuild_index:
      return run_rebuild_index(config, std::cout);
    case Command::print_config:
      std::cout << print_config(line.loaded);
      return 0;
    case Command::print_config_doc:
      std::cout << config_document();
      return 0;
    case Command::print_api:
      std::cout << api_document(routes());
      return 0;
    case Command::done:
      std::cout << line.text;
      return 0;
  }
  return exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto line =
        parse_command_line(std::vector<std::string>(argv + 1, argv + argc), environment());
    if (line) return run(*line);
    std::cerr << "waagd: " << line.error().what << '\n';
  } catch (const std::exception& error) {
    std::cerr << "waagd: " << error.what() << '\n';
  }
  return exit_failed;
}
