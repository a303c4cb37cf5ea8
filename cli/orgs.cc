#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/context.h"
#include "cli/print.h"

/// org: organisations, their members and groups; who has a role on a single repo.
namespace waag::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t items_max = 100'000;
const std::vector<std::string> roles{"read", "contribute", "write", "admin"};

struct Options {
  std::string org, user, group, role, full_name, admin, repo;
  std::string type = "model";
  bool closed = false, open = false;
};

using Run = int (*)(Context&, const Options&);

std::string org_path(const Options& options) {
  return "/api/waag/v1/orgs/" + encode_segment(options.org);
}
std::string member_path(const Options& options) {
  return org_path(options) + "/members/" + encode_segment(options.user);
}
std::string group_path(const Options& options) {
  return org_path(options) + "/groups/" + encode_segment(options.group);
}
std::string group_member_path(const Options& options) {
  return group_path(options) + "/members/" + encode_segment(options.user);
}

/// Of a repo's collaborators; "ns/name" stays two segments.
std::string access_path(const Options& options) {
  const auto slash = std::min(options.repo.find('/'), options.repo.size());
  const auto name = options.repo.substr(std::min(slash + 1, options.repo.size()));
  return "/api/waag/v1/repos/" + std::string(plural(options.type)) + "/" +
         encode_segment(options.repo.substr(0, slash)) + "/" + encode_segment(name);
}
std::string grantee_path(const Options& options) {
  if (!options.group.empty())
    return access_path(options) + "/groups/" + encode_segment(options.group);
  return access_path(options) + "/collaborators/" + encode_segment(options.user);
}

int send(Context& context, std::string_view method, const std::string& path,
         const json::value& body, const std::string& done) {
  const auto answer = context.hub.call(method, path, body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer)) context.world.out << done << '\n';
  return exit_ok;
}

/// A table of the fields `keys` of a list.
int show(Context& context, const std::string& path, const std::vector<std::string>& titles,
         const std::vector<std::string>& keys) {
  const auto answer = context.hub.list(path, items_max);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  std::vector<std::vector<std::string>> lines;
  for (const auto& item : answer.json.as_array()) {
    std::vector<std::string> line;
    for (const auto& key : keys) line.push_back(field_text(item, key));
    lines.push_back(std::move(line));
  }
  print_table(context.world.out, titles, lines);
  return exit_ok;
}

int create(Context& context, const Options& options) {
  json::object body{{"name", options.org}};
  if (!options.full_name.empty()) body["fullName"] = options.full_name;
  if (!options.admin.empty()) body["admin"] = options.admin;
  if (options.closed) body["visibility"] = "private";
  return send(context, "POST", "/api/waag/v1/orgs", body, "created organisation " + options.org);
}

int change(Context& context, const Options& options) {
  json::object body;
  if (!options.full_name.empty()) body["fullName"] = options.full_name;
  if (options.closed || options.open) body["visibility"] = options.closed ? "private" : "public";
  return send(context, "PUT", org_path(options), body, "changed organisation " + options.org);
}

int list(Context& context, const Options&) {
  return show(context, "/api/waag/v1/orgs", {"NAME", "NEW REPOS", "CREATED", "FULL NAME"},
              {"name", "visibility", "createdAt", "fullName"});
}

int remove(Context& context, const Options& options) {
  return send(context, "DELETE", org_path(options), {}, "removed organisation " + options.org);
}

int list_members(Context& context, const Options& options) {
  return show(context, org_path(options) + "/members", {"USER", "ROLE", "SINCE"},
              {"user", "role", "since"});
}

int add_member(Context& context, const Options& options) {
  return send(context, "PUT", member_path(options), json::object{{"role", options.role}},
              options.user + " has the role " + options.role + " in " + options.org);
}

int remove_member(Context& context, const Options& options) {
  return send(context, "DELETE", member_path(options), {},
              options.user + " is no member of " + options.org + " any more");
}

int list_groups(Context& context, const Options& options) {
  return show(context, org_path(options) + "/groups", {"GROUP", "ROLE", "MEMBERS"},
              {"name", "role", "members"});
}

int create_group(Context& context, const Options& options) {
  json::object body;
  if (!options.role.empty()) body["role"] = options.role;
  return send(context, "PUT", group_path(options), body, "saved group " + options.group);
}

int remove_group(Context& context, const Options& options) {
  return send(context, "DELETE", group_path(options), {}, "removed group " + options.group);
}

int join_group(Context& context, const Options& options) {
  return send(context, "PUT", group_member_path(options), {},
              options.user + " is in group " + options.group);
}

int leave_group(Context& context, const Options& options) {
  return send(context, "DELETE", group_member_path(options), {},
              options.user + " is not in group " + options.group + " any more");
}

int list_access(Context& context, const Options& options) {
  return show(context, access_path(options) + "/collaborators", {"USER", "GROUP", "ROLE", "SINCE"},
              {"user", "group", "role", "since"});
}

int set_access(Context& context, const Options& options) {
  return send(
      context, "PUT", grantee_path(options), json::object{{"role", options.role}},
      options.user + options.group + " has the role " + options.role + " on " + options.repo);
}

int end_access(Context& context, const Options& options) {
  return send(
      context, "DELETE", grantee_path(options), {},
      options.user + options.group + " has no role of its own on " + options.repo + " any more");
}

/// The commands of one group share their options.
class Family {
 public:
  Family(CLI::App& app, const char* name, const char* about, Command& chosen,
         std::shared_ptr<Options> options)
      : group_(*app.add_subcommand(name, about)), chosen_(chosen), options_(std::move(options)) {
    group_.require_subcommand(1);
    group_.fallthrough();
  }
  CLI::App& group() { return group_; }
  CLI::App& add(const char* name, const char* about, Run run) {
    auto* command = group_.add_subcommand(name, about);
    command->callback([&chosen = chosen_, options = options_, run] {
      chosen = [options, run](Context& context) { return run(context, *options); };
    });
    return *command;
  }

 private:
  CLI::App& group_;
  Command& chosen_;
  std::shared_ptr<Options> options_;
};

CLI::Option* role_option(CLI::App& command, Options& options) {
  return command.add_option("--role", options.role, "read, contribute, write or admin")
      ->check(CLI::IsMember(roles));
}

void add_members(Family& orgs, Command& chosen, const std::shared_ptr<Options>& options) {
  Family members(orgs.group(), "member", "who is in an organisation", chosen, options);
  auto& ls = members.add("ls", "list members", list_members);
  auto& add = members.add("add", "add a member, or change the role of one", add_member);
  auto& rm = members.add("rm", "take a member out: rights end at once", remove_member);
  for (auto* command : {&ls, &add, &rm})
    command->add_option("org", options->org, "organisation")->required();
  for (auto* command : {&add, &rm})
    command->add_option("user", options->user, "login name")->required();
  role_option(add, *options)->required();
}

void add_groups(Family& orgs, Command& chosen, const std::shared_ptr<Options>& options) {
  Family groups(orgs.group(), "group", "groups of an organisation's members", chosen, options);
  auto& ls = groups.add("ls", "list groups", list_groups);
  auto& create = groups.add("create", "make a group, or change its role", create_group);
  auto& rm = groups.add("rm", "end a group and its roles", remove_group);
  auto& add = groups.add("add", "put a member into a group", join_group);
  auto& drop = groups.add("drop", "take a member out of a group", leave_group);
  for (auto* command : {&ls, &create, &rm, &add, &drop})
    command->add_option("org", options->org, "organisation")->required();
  for (auto* command : {&create, &rm, &add, &drop})
    command->add_option("group", options->group, "group")->required();
  for (auto* command : {&add, &drop})
    command->add_option("user", options->user, "login name")->required();
  role_option(create, *options)->description("on all repos of the organisation (default: none)");
}

}  // namespace

void add_org_commands(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  Family orgs(app, "org", "organisations, their members and groups", chosen, options);
  auto& make = orgs.add("create", "add an organisation (hub admins only)", create);
  auto& set = orgs.add("set", "change an organisation", change);
  auto& rm = orgs.add("rm", "remove an organisation without repos (hub admins only)", remove);
  orgs.add("ls", "list organisations: yours; all for hub admins", list);
  for (auto* command : {&make, &set, &rm})
    command->add_option("org", options->org, "name, also the namespace")->required();
  make.add_option("--admin", options->admin, "its first member, with the role admin");
  for (auto* command : {&make, &set}) {
    command->add_option("--full-name", options->full_name, "name for people");
    command->add_flag("--private", options->closed, "new repos are private by default");
  }
  set.add_flag("--public", options->open, "new repos are public by default")->excludes("--private");
  add_members(orgs, chosen, options);
  add_groups(orgs, chosen, options);
}

void add_access_commands(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  Family access(app, "access", "who has a role on a single repo", chosen, options);
  auto& ls = access.add("ls", "list users and groups with a role", list_access);
  auto& set = access.add("set", "give a user or a group a role", set_access);
  auto& rm = access.add("rm", "end such a role", end_access);
  for (auto* command : {&ls, &set, &rm}) {
    command->add_option("repo", options->repo, "NAMESPACE/NAME")->required();
    command->add_option("--type", options->type, "model, dataset or space")
        ->check(CLI::IsMember({"model", "dataset", "space"}))
        ->capture_default_str();
  }
  for (auto* command : {&set, &rm}) {
    auto* whom = command->add_option_group("whom");
    whom->add_option("--user", options->user, "login name");
    whom->add_option("--group", options->group, "group of the repo's organisation");
    whom->require_option(1);
  }
  role_option(set, *options)->required();
}

}  // namespace waag::cli
