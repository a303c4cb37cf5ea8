#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/print.h"
#include "cli/repo_id.h"

/// repo settings and repo requests: who sees a repo, who gets its files.
namespace waag::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t items_max = 100'000;

struct SettingsOptions {
  std::string id;
  std::string type = "model";
  std::string visibility, gated, discussions, disabled;  // "" = as it is
};

struct RequestOptions {
  std::string id, user, reason;
  std::string type = "model";
  std::string status = "pending";
};

json::object settings_body(const SettingsOptions& options) {
  json::object body;
  if (!options.visibility.empty()) body["private"] = options.visibility == "private";
  if (options.gated == "off") body["gated"] = false;
  if (!options.gated.empty() && options.gated != "off") body["gated"] = options.gated;
  if (!options.discussions.empty()) body["discussionsDisabled"] = options.discussions == "off";
  if (!options.disabled.empty()) body["disabled"] = options.disabled == "on";
  return body;
}

int change_settings(Context& context, const SettingsOptions& options) {
  const auto repo = parse_repo_name(options.id, options.type);
  if (!repo) return bad_repo_name(context, options.id);
  const auto body = settings_body(options);
  if (body.empty()) {
    context.world.err << "waag: name a setting to change, see waag repo settings --help\n";
    return exit_usage;
  }
  const auto answer = context.hub.call("PUT", api_path(*repo) + "/settings", body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer))
    print_fields(context.world.out, answer.json,
                 {"visibility", "gated", "discussionsDisabled", "disabled"});
  return exit_ok;
}

int list_requests(Context& context, const RequestOptions& options) {
  const auto repo = parse_repo_name(options.id, options.type);
  if (!repo) return bad_repo_name(context, options.id);
  const auto answer =
      context.hub.list(api_path(*repo) + "/user-access-request/" + options.status, items_max);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  std::vector<std::vector<std::string>> lines;
  for (const auto& request : answer.json.as_array()) {
    const auto* user = request.is_object() ? request.as_object().if_contains("user") : nullptr;
    const json::value nobody;
    const auto& who = user != nullptr ? *user : nobody;
    lines.push_back({field_text(who, "user"), field_text(request, "timestamp"),
                     field_text(who, "email"), field_text(request, "fields")});
  }
  print_table(context.world.out, {"USER", "SINCE", "EMAIL", "FORM"}, lines);
  return exit_ok;
}

/// @param status  "" to grant, else the list that the request moves to
int decide(Context& context, const RequestOptions& options, const std::string& status) {
  const auto repo = parse_repo_name(options.id, options.type);
  if (!repo) return bad_repo_name(context, options.id);
  json::object body{{"user", options.user}};
  if (!status.empty()) body["status"] = status;
  if (!options.reason.empty()) body["rejectionReason"] = options.reason;
  const auto path =
      api_path(*repo) + "/user-access-request/" + (status.empty() ? "grant" : "handle");
  const auto answer = context.hub.call("POST", path, body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer))
    context.world.out << options.user << " is " << field_text(answer.json, "status") << '\n';
  return exit_ok;
}

void add_type(CLI::App& command, std::string& type) {
  command.add_option("--type", type, "model, dataset or space")
      ->check(CLI::IsMember({"model", "dataset", "space"}))
      ->capture_default_str();
}

}  // namespace

void add_repo_settings(CLI::App& repo_group, Command& chosen) {
  auto options = std::make_shared<SettingsOptions>();
  auto* command = repo_group.add_subcommand("settings", "change who sees a repo and its files");
  command->add_option("id", options->id, "namespace/name")->required();
  add_type(*command, options->type);
  command->add_option("--visibility", options->visibility, "public or private")
      ->check(CLI::IsMember({"public", "private"}));
  command
      ->add_option("--gated", options->gated,
                   "auto: files for whoever asks; manual: for whom you accept; off: for all")
      ->check(CLI::IsMember({"auto", "manual", "off"}));
  command->add_option("--discussions", options->discussions, "on or off")
      ->check(CLI::IsMember({"on", "off"}));
  command->add_option("--disabled", options->disabled, "on: served to hub admins alone; on or off")
      ->check(CLI::IsMember({"on", "off"}));
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return change_settings(context, *options); };
  });
}

void add_repo_requests(CLI::App& repo_group, Command& chosen) {
  auto options = std::make_shared<RequestOptions>();
  auto* group = repo_group.add_subcommand("requests", "requests for a gated repo's files");
  group->require_subcommand(1);
  group->fallthrough();
  const auto add = [&](const char* name, const char* about) {
    auto* command = group->add_subcommand(name, about);
    command->add_option("id", options->id, "namespace/name")->required();
    add_type(*command, options->type);
    return command;
  };
  auto* ls = add("ls", "who asked, who was let in, who was not");
  ls->add_option("--status", options->status, "pending, accepted or rejected")
      ->check(CLI::IsMember({"pending", "accepted", "rejected"}))
      ->capture_default_str();
  ls->callback([&chosen, options] {
    chosen = [options](Context& context) { return list_requests(context, *options); };
  });
  struct Step {
    const char *name, *about, *status;
  };
  for (const auto& step : {Step{"grant", "let a user in who may not have asked", ""},
                           Step{"accept", "accept a user's request", "accepted"},
                           Step{"reject", "reject a user's request", "rejected"},
                           Step{"cancel", "put a user's request back to pending", "pending"}}) {
    auto* command = add(step.name, step.about);
    command->add_option("user", options->user, "user name")->required();
    if (std::string_view(step.name) == "reject")
      command->add_option("--reason", options->reason, "what the user is told");
    command->callback([&chosen, options, status = std::string(step.status)] {
      chosen = [options, status](Context& context) { return decide(context, *options, status); };
    });
  }
}

}  // namespace waag::cli
