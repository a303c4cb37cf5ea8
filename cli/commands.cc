#include "cli/commands.h"

#include <algorithm>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace waag::cli {
namespace {

constexpr const char* footer =
    "Examples:\n"
    "  waag status\n"
    "  waag user create ada --email ada@example.test\n"
    "  waag token create laptop --user ada --role write --days 30\n"
    "  waag token create ci --scope acme/tiny:write --scope acme:read\n"
    "  waag org create acme --admin ada && waag org member add acme bob --role write\n"
    "  waag access set acme/tiny --user eve --role read\n"
    "  waag repo create ada/tiny --private\n"
    "  waag repo settings ada/tiny --visibility public --gated manual\n"
    "  waag repo requests accept ada/tiny bob\n"
    "  waag repo du ada/tiny\n"
    "  waag jobs watch 12\n"
    "  waag pull acme/tiny --include '*.safetensors'\n"
    "  waag convert acme/tiny --to gguf:Q4_K_M\n"
    "  waag cert verify acme/tiny-GGUF Q4_K_M\n"
    "  waag import ./tiny --repo ada/tiny\n"
    "  waag mirror add nightly 'acme/*' --every 6h\n"
    "  waag --json repo ls --type dataset\n"
    "\n"
    "The hub is --endpoint, else WAAG_ENDPOINT, else HF_ENDPOINT, else http://127.0.0.1:8080;\n"
    "the token is --token, else WAAG_TOKEN, else HF_TOKEN.\n"
    "Exit codes: 0 done, 1 the hub refused, 2 wrong command line, 3 no answer.";

std::string first_set(const World& world, std::initializer_list<const char*> names,
                      std::string otherwise) {
  for (const auto* name : names)
    if (auto value = world.environment(name); value && !value->empty()) return *std::move(value);
  return otherwise;
}

struct Options {
  std::string endpoint;
  std::string token;
  bool json = false;
};

Context open_context(const World& world, const Options& options) {
  auto endpoint = options.endpoint;
  if (endpoint.empty())
    endpoint = first_set(world, {"WAAG_ENDPOINT", "HF_ENDPOINT"}, "http://127.0.0.1:8080");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  auto token = options.token;
  if (token.empty()) token = first_set(world, {"WAAG_TOKEN", "HF_TOKEN"}, "");
  return Context{world, Hub(world.http, std::move(endpoint), std::move(token)), options.json};
}

}  // namespace

int run(std::vector<std::string> args, const World& world) {
  CLI::App app("Talks to a Waag hub.", "waag");
  app.footer(footer);
  app.set_version_flag("--version", "waag 0.1.0");
  app.require_subcommand(1);
  app.fallthrough();
  auto options = std::make_shared<Options>();
  app.add_option("--endpoint", options->endpoint, "URL of the hub");
  app.add_option("--token", options->token, "access token (hf_...)");
  app.add_flag("--json", options->json, "print the hub's JSON");

  Command chosen;
  add_status(app, chosen);
  add_stats(app, chosen);
  add_user_commands(app, chosen);
  add_token_commands(app, chosen);
  add_org_commands(app, chosen);
  add_repo_commands(app, chosen);
  add_access_commands(app, chosen);
  add_job_commands(app, chosen);
  add_pull(app, chosen);
  add_convert(app, chosen);
  add_cert_commands(app, chosen);
  add_import(app, chosen);
  add_mirror_commands(app, chosen);
  std::reverse(args.begin(), args.end());  // what CLI11 expects of a vector
  try {
    app.parse(args);
  } catch (const CLI::ParseError& stop) {
    return app.exit(stop, world.out, world.err) == 0 ? exit_ok : exit_usage;
  }
  auto context = open_context(world, *options);
  return chosen(context);
}

}  // namespace waag::cli
