#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include "cli/print.h"
#include "cli/repo_id.h"

/// repo ls, info, create and rm: the Hub's own routes. restore, and ls of the trash: ours.
namespace waag::cli {
namespace {

namespace json = boost::json;

struct RepoOptions {
  std::string id;
  std::string type = "model";
  std::string author, search, sdk;
  std::string as;  // restore: another name
  std::string revision = "main";
  std::size_t limit = 1000;
  bool is_private = false, exist_ok = false, yes = false, trash = false;
};

json::object name_body(const RepoName& id) {
  return {{"type", id.type}, {"organization", id.ns}, {"name", id.name}};
}

int list_trash(Context& context) {
  const auto answer = context.hub.call("GET", "/api/waag/v1/trash");
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  std::vector<std::vector<std::string>> lines;
  if (answer.json.is_array())
    for (const auto& repo : answer.json.as_array())
      lines.push_back({field_text(repo, "type"), field_text(repo, "id"),
                       field_text(repo, "deletedAt"), field_text(repo, "deletedBy"),
                       field_text(repo, "goneAt")});
  print_table(context.world.out, {"TYPE", "REPO", "DELETED", "BY", "GONE AT"}, lines);
  return exit_ok;
}

int list(Context& context, const RepoOptions& options) {
  if (options.trash) return list_trash(context);
  auto path = "/api/" + std::string(plural(options.type)) +
              "?limit=" + std::to_string(std::min<std::size_t>(options.limit, 1000));
  if (!options.author.empty()) path += "&author=" + encode_segment(options.author);
  if (!options.search.empty()) path += "&search=" + encode_segment(options.search);
  const auto answer = context.hub.list(path, options.limit);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  std::vector<std::vector<std::string>> lines;
  for (const auto& repo : answer.json.as_array()) {
    const auto sees = field_text(repo, "private") == "true" ? "private" : "public";
    lines.push_back({field_text(repo, "id"), sees, field_text(repo, "lastModified")});
  }
  print_table(context.world.out, {"REPO", "SEEN BY", "LAST MODIFIED"}, lines);
  return exit_ok;
}

int info(Context& context, const RepoOptions& options) {
  const auto id = parse_repo_name(options.id, options.type);
  if (!id) return bad_repo_name(context, options.id);
  const auto path = api_path(*id) + "/revision/" + encode_segment(options.revision);
  const auto answer = context.hub.call("GET", path);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  print_fields(context.world.out, answer.json,
               {"id", "sha", "private", "gated", "disabled", "createdAt", "lastModified"});
  const auto* files =
      answer.json.is_object() ? answer.json.as_object().if_contains("siblings") : nullptr;
  if (files != nullptr && files->is_array()) {
    context.world.out << "files         " << files->as_array().size() << '\n';
    for (const auto& file : files->as_array())
      context.world.out << "  " << field_text(file, "rfilename") << '\n';
  }
  return exit_ok;
}

int create(Context& context, const RepoOptions& options) {
  const auto id = parse_repo_name(options.id, options.type);
  if (!id) return bad_repo_name(context, options.id);
  auto body = name_body(*id);
  body["visibility"] = options.is_private ? "private" : "public";
  if (!options.sdk.empty()) body["sdk"] = options.sdk;
  const auto answer = context.hub.call("POST", "/api/repos/create", body);
  if (answer.failure && !(answer.failure->status == 409 && options.exist_ok))
    return context.refuse(*answer.failure);
  if (answer.failure) {
    context.world.out << (context.json ? "{\"existed\":true}" : options.id + " exists already")
                      << '\n';
    return exit_ok;
  }
  if (!context.printed(answer)) context.world.out << field_text(answer.json, "url") << '\n';
  return exit_ok;
}

int remove(Context& context, const RepoOptions& options) {
  const auto id = parse_repo_name(options.id, options.type);
  if (!id) return bad_repo_name(context, options.id);
  if (!options.yes) {
    context.world.err << "waag: this deletes " << options.id << "; add --yes\n";
    return exit_usage;
  }
  const auto answer = context.hub.call("DELETE", "/api/repos/delete", name_body(*id));
  if (answer.failure) return context.refuse(*answer.failure);
  const json::object deleted{{"deleted", options.id}};
  if (context.json) context.world.out << json::serialize(deleted) << '\n';
  if (!context.json) context.world.out << "deleted " << options.id << '\n';
  return exit_ok;
}

int restore(Context& context, const RepoOptions& options) {
  if (!parse_repo_name(options.id, options.type)) return bad_repo_name(context, options.id);
  json::object body{{"type", options.type}, {"name", options.id}};
  if (!options.as.empty()) body["as"] = options.as;
  const auto answer = context.hub.call("POST", "/api/waag/v1/trash/restore", body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer))
    context.world.out << "restored " << field_text(answer.json, "id") << '\n';
  return exit_ok;
}

using Action = int (*)(Context&, const RepoOptions&);

CLI::App* add_repo_command(CLI::App& group, Command& chosen,
                           const std::shared_ptr<RepoOptions>& options, const char* name,
                           const char* about, Action action) {
  auto* command = group.add_subcommand(name, about);
  command->add_option("--type", options->type, "model, dataset or space")
      ->check(CLI::IsMember({"model", "dataset", "space"}))
      ->capture_default_str();
  command->callback([&chosen, options, action] {
    chosen = [options, action](Context& context) { return action(context, *options); };
  });
  return command;
}

void add_restore_command(CLI::App& group, Command& chosen,
                         const std::shared_ptr<RepoOptions>& options) {
  auto* command = group.add_subcommand("restore", "bring a deleted repo back");
  command->add_option("type", options->type, "model, dataset or space")
      ->required()
      ->check(CLI::IsMember({"model", "dataset", "space"}));
  command->add_option("id", options->id, "namespace/name that it was deleted under")->required();
  command->add_option("--as", options->as, "another name, if that one is taken");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return restore(context, *options); };
  });
}

}  // namespace

void add_repo_commands(CLI::App& app, Command& chosen) {
  auto* group = app.add_subcommand("repo", "repositories");
  group->require_subcommand(1);
  group->fallthrough();
  auto options = std::make_shared<RepoOptions>();
  const auto add = [&](const char* name, const char* about, Action action) {
    return add_repo_command(*group, chosen, options, name, about, action);
  };
  auto* ls = add("ls", "list the repos that you may see", list);
  ls->add_option("--author", options->author, "only of this namespace");
  ls->add_option("--search", options->search, "only with this in the name");
  ls->add_option("--limit", options->limit, "at most so many")->capture_default_str();
  ls->add_flag("--trash", options->trash, "deleted ones that can be restored, of all types");
  auto* show = add("info", "one repo and its files", info);
  auto* make = add("create", "make a repo", create);
  make->add_flag("--private", options->is_private, "only for you and hub admins");
  make->add_flag("--exist-ok", options->exist_ok, "no error if it exists");
  make->add_option("--sdk", options->sdk, "for spaces: static, gradio, docker, streamlit");
  auto* rm = add("rm", "delete a repo; for some days a hub admin can restore it", remove);
  rm->add_flag("--yes", options->yes, "do not ask");
  for (auto* command : {show, make, rm})
    command->add_option("id", options->id, "namespace/name")->required();
  show->add_option("--revision", options->revision, "branch, tag or commit")->capture_default_str();
  add_restore_command(*group, chosen, options);
  add_repo_usage(*group, chosen);
  add_repo_settings(*group, chosen);
  add_repo_requests(*group, chosen);
}

}  // namespace waag::cli
