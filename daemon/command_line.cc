#include "daemon/command_line.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace waag::daemon {
namespace {

constexpr const char* default_file = "waag.toml";

struct Flags {
  std::string config, data, listen, upstream;
  bool insecure = false, print_config = false, print_config_doc = false, print_api = false;
  bool repair = false;
};

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::invalid_argument, "cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void declare(CLI::App& app, Flags& flags) {
  app.add_option("--config", flags.config, "TOML file (default: ./waag.toml if it exists)");
  app.add_option("--data", flags.data, "folder of the store");
  app.add_option("--listen", flags.listen, "HOST:PORT; port 0 picks a free one");
  app.add_option("--upstream", flags.upstream,
                 "hubs where repos that are not here are looked up, comma-separated");
  app.add_flag("--insecure", flags.insecure, "allow a public address without TLS");
  app.add_flag("--print-config", flags.print_config, "print every setting and its origin");
  app.add_flag("--print-config-doc", flags.print_config_doc, "print docs/CONFIG.md");
  app.add_flag("--print-api", flags.print_api, "print docs/API.md");
  app.require_subcommand(0, 1);
  app.fallthrough();
}

Status apply_flags(const Flags& flags, LoadedConfig& loaded) {
  if (!flags.data.empty()) WAAG_CHECK(loaded.set("store.data", flags.data, "--data"));
  if (!flags.listen.empty()) WAAG_CHECK(loaded.set("server.listen", flags.listen, "--listen"));
  if (!flags.upstream.empty())
    WAAG_CHECK(loaded.set("upstream.urls", flags.upstream, "--upstream"));
  if (flags.insecure) WAAG_CHECK(loaded.set("server.insecure", "true", "--insecure"));
  return ok();
}

Status load(const Flags& flags, const Environment& environment, LoadedConfig& loaded) {
  const bool named = !flags.config.empty();
  const std::string file = named ? flags.config : default_file;
  if (named || std::filesystem::exists(file)) {
    WAAG_TRY(const auto text, read_text(file));
    WAAG_CHECK(loaded.apply_file(text, file));
  }
  WAAG_CHECK(loaded.apply_environment(environment));
  WAAG_CHECK(apply_flags(flags, loaded));
  return loaded.check();
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                       const Environment& environment) {
  CommandLine line;
  Flags flags;
  CLI::App app("waagd: a self-hosted hub for models and datasets", "waagd");
  declare(app, flags);
  auto* fsck = app.add_subcommand("fsck", "check the store; exit code 0 whole, 1 problems");
  fsck->add_flag("--repair", flags.repair, "rebuild the index, check again");
  const auto* rebuild = app.add_subcommand("rebuild-index", "make the index anew from the journal");
  try {
    app.parse(
        std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // it wants the last first
  } catch (const CLI::CallForHelp&) {
    line.command = Command::done;
    line.text = app.help();
    return line;
  } catch (const CLI::ParseError& error) {
    return fail(Errc::invalid_argument, error.what());
  }
  line.repair = flags.repair;
  if (*fsck) line.command = Command::fsck;
  if (*rebuild) line.command = Command::rebuild_index;
  if (flags.print_config) line.command = Command::print_config;
  if (flags.print_config_doc) line.command = Command::print_config_doc;
  if (flags.print_api) line.command = Command::print_api;
  WAAG_CHECK(load(flags, environment, line.loaded));
  return line;
}

}  // namespace waag::daemon
