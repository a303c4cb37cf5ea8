#include <algorithm>
#include <istream>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include "cli/context.h"
#include "cli/jobs/progress_line.h"
#include "cli/print.h"

/// status, user and token: the hub's own API under /api/waag/v1.
namespace waag::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view api = "/api/waag/v1";
constexpr std::size_t items_max = 100'000;

struct UserOptions {
  std::string name, full_name, email, role;
  bool admin = false, auditor = false, service = false, asks_current = false, enable = false;
};

struct TokenOptions {
  std::string name, user, id;
  std::string role = "write";
  std::vector<std::string> scopes;
  unsigned days = 0;
};

/// "acme:read", "acme/tiny:write", "dataset/acme/rows:admin" as the hub takes it.
json::object scope_of(const std::string& text) {
  const auto colon = std::min(text.rfind(':'), text.size());
  auto target = text.substr(0, colon);
  json::object scope;
  if (std::count(target.begin(), target.end(), '/') == 2) {
    const auto slash = target.find('/');
    scope["type"] = target.substr(0, slash);
    target.erase(0, slash + 1);
  }
  scope[target.find('/') == std::string::npos ? "namespace" : "repo"] = target;
  scope["rights"] = text.substr(std::min(colon + 1, text.size()));
  return scope;
}

std::string first_line(std::istream& in) {
  std::string line;
  std::getline(in, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

int user_create(Context& context, const UserOptions& options) {
  json::object body{{"name", options.name}, {"admin", options.admin}};
  if (options.auditor) body["auditor"] = true;
  if (options.service) body["service"] = true;
  if (!options.full_name.empty()) body["fullName"] = options.full_name;
  if (!options.email.empty()) body["email"] = options.email;
  const auto answer = context.hub.call("POST", std::string(api) + "/users", body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer)) context.world.out << "created user " << options.name << '\n';
  return exit_ok;
}

int user_list(Context& context) {
  const auto answer = context.hub.list(std::string(api) + "/users", items_max);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  std::vector<std::vector<std::string>> lines;
  for (const auto& user : answer.json.as_array()) {
    const auto state = field_text(user, "disabled") == "true" ? "disabled" : "enabled";
    const auto role = field_text(user, "admin") == "true"     ? "admin"
                      : field_text(user, "auditor") == "true" ? "auditor"
                      : field_text(user, "service") == "true" ? "service"
                                                              : "user";
    lines.push_back({field_text(user, "name"), role, state, field_text(user, "email"),
                     field_text(user, "createdAt")});
  }
  print_table(context.world.out, {"NAME", "ROLE", "STATE", "EMAIL", "CREATED"}, lines);
  return exit_ok;
}

int user_disable(Context& context, const UserOptions& options) {
  const auto path = std::string(api) + "/users/" + encode_segment(options.name);
  const auto answer = context.hub.call("DELETE", path);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer)) context.world.out << "disabled user " << options.name << '\n';
  return exit_ok;
}

int user_set(Context& context, const UserOptions& options) {
  json::object body;
  if (!options.full_name.empty()) body["fullName"] = options.full_name;
  if (!options.email.empty()) body["email"] = options.email;
  if (!options.role.empty()) {
    body["admin"] = options.role == "admin";
    body["auditor"] = options.role == "auditor";
  }
  if (options.enable) body["disabled"] = false;
  const auto path = std::string(api) + "/users/" + encode_segment(options.name);
  const auto answer = context.hub.call("PUT", path, body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer)) context.world.out << "changed user " << options.name << '\n';
  return exit_ok;
}

/// From standard input, so that it is in no list of processes and no shell history.
int user_password(Context& context, const UserOptions& options) {
  json::object body;
  body["password"] = first_line(context.world.in);
  if (options.asks_current) body["current"] = first_line(context.world.in);
  const auto path = std::string(api) + "/users/" + encode_segment(options.name) + "/password";
  const auto answer = context.hub.call("POST", path, body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer)) context.world.out << "set password of " << options.name << '\n';
  return exit_ok;
}

int token_create(Context& context, const TokenOptions& options) {
  json::object body{{"name", options.name}};
  body["role"] = options.scopes.empty() ? options.role : "fineGrained";
  if (!options.scopes.empty()) {
    json::array scopes;
    for (const auto& scope : options.scopes) scopes.push_back(scope_of(scope));
    body["scopes"] = std::move(scopes);
  }
  if (!options.user.empty()) body["user"] = options.user;
  if (options.days != 0) body["days"] = options.days;
  const auto answer = context.hub.call("POST", std::string(api) + "/tokens", body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer)) context.world.out << field_text(answer.json, "token") << '\n';
  return exit_ok;
}

int token_list(Context& context, const TokenOptions& options) {
  auto path = std::string(api) + "/tokens";
  if (!options.user.empty()) path += "?user=" + encode_segment(options.user);
  const auto answer = context.hub.list(path, items_max);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  std::vector<std::vector<std::string>> lines;
  for (const auto& token : answer.json.as_array()) {
    const auto expires = field_text(token, "expiresAt");
    lines.push_back({field_text(token, "id"), field_text(token, "user"), field_text(token, "role"),
                     field_text(token, "createdAt"), expires.empty() ? "never" : expires,
                     field_text(token, "name")});
  }
  print_table(context.world.out, {"ID", "USER", "ROLE", "CREATED", "EXPIRES", "NAME"}, lines);
  return exit_ok;
}

int token_revoke(Context& context, const TokenOptions& options) {
  const auto path = std::string(api) + "/tokens/" + encode_segment(options.id);
  const auto answer = context.hub.call("DELETE", path);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer)) context.world.out << "revoked token " << options.id << '\n';
  return exit_ok;
}

int status(Context& context) {
  const auto answer = context.hub.call("GET", std::string(api) + "/status");
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  auto shown = answer.json;
  for (const auto* key : {"logicalBytes", "packBytes", "freeBytes"}) {
    auto* value = shown.is_object() ? shown.as_object().if_contains(key) : nullptr;
    if (value != nullptr && value->is_number())
      *value = human_bytes(value->to_number<std::uint64_t>());
  }
  context.world.out << "endpoint      " << context.hub.endpoint() << '\n';
  print_fields(
      context.world.out, shown,
      {"version", "user", "repos", "blobs", "packs", "logicalBytes", "packBytes", "freeBytes"});
  const auto* upstreams = shown.is_object() ? shown.as_object().if_contains("upstreams") : nullptr;
  if (upstreams == nullptr || !upstreams->is_object()) return exit_ok;
  for (const auto& [url, state] : upstreams->as_object())
    context.world.out << "upstream      " << printable(url) << " "
                      << printable(field_text(*upstreams, url)) << '\n';
  return exit_ok;
}

}  // namespace

int Context::refuse(const Hub::Failure& failure) const {
  world.err << "waag: " << failure.text << '\n';
  return failure.status == 0 ? exit_unreachable : exit_refused;
}

bool Context::printed(const Hub::Answer& answer) const {
  if (json) world.out << boost::json::serialize(answer.json) << '\n';
  return json;
}

void add_status(CLI::App& app, Command& chosen) {
  app.add_subcommand("status", "what the hub holds and who you are there")->callback([&chosen] {
    chosen = status;
  });
}

void add_user_commands(CLI::App& app, Command& chosen) {
  auto* group = app.add_subcommand("user", "users of the hub (hub admins only)");
  group->require_subcommand(1);
  group->fallthrough();
  auto options = std::make_shared<UserOptions>();
  auto* create = group->add_subcommand("create", "add a user");
  create->add_option("name", options->name, "login name, also the namespace")->required();
  create->add_option("--full-name", options->full_name, "name for people");
  create->add_option("--email", options->email, "for commits");
  create->add_flag("--admin", options->admin, "make it a hub admin");
  create->add_flag("--auditor", options->auditor, "may see what hub admins see, change nothing");
  create->add_flag("--service", options->service,
                   "for a job: reads and writes what its tokens name (token create --scope)");
  create->callback([&chosen, options] {
    chosen = [options](Context& context) { return user_create(context, *options); };
  });
  group->add_subcommand("ls", "list users")->callback([&chosen] { chosen = user_list; });
  auto* set = group->add_subcommand("set", "change a user");
  set->add_option("name", options->name, "login name")->required();
  set->add_option("--full-name", options->full_name, "name for people");
  set->add_option("--email", options->email, "for commits");
  set->add_option("--role", options->role, "user, auditor or admin of the hub")
      ->check(CLI::IsMember({"user", "auditor", "admin"}));
  set->add_flag("--enable", options->enable, "undo rm");
  set->callback([&chosen, options] {
    chosen = [options](Context& context) { return user_set(context, *options); };
  });
  auto* password = group->add_subcommand("password", "set a password, read from standard input");
  password->add_option("name", options->name, "login name")->required();
  password->add_flag("--current", options->asks_current,
                     "the second line is the current one: needed to change your own");
  password->callback([&chosen, options] {
    chosen = [options](Context& context) { return user_password(context, *options); };
  });
  auto* rm = group->add_subcommand("rm", "disable a user: tokens stop working, repos stay");
  rm->add_option("name", options->name, "login name")->required();
  rm->callback([&chosen, options] {
    chosen = [options](Context& context) { return user_disable(context, *options); };
  });
}

void add_token_commands(CLI::App& app, Command& chosen) {
  auto* group = app.add_subcommand("token", "access tokens: your own; anyone's for hub admins");
  group->require_subcommand(1);
  group->fallthrough();
  auto options = std::make_shared<TokenOptions>();
  auto* create = group->add_subcommand("create", "make a token and print it, once");
  create->add_option("name", options->name, "what it is for")->required();
  create->add_option("--user", options->user, "whose (default: yours)");
  create->add_option("--role", options->role, "read, write or admin")
      ->check(CLI::IsMember({"read", "write", "admin"}))
      ->capture_default_str();
  create
      ->add_option("--scope", options->scopes,
                   "WHAT:RIGHTS, instead of a role: only a namespace, NAMESPACE/REPO or "
                   "TYPE/NAMESPACE/REPO; rights are read, contribute, write or admin; repeatable")
      ->allow_extra_args(false)
      ->excludes("--role");
  create->add_option("--days", options->days, "days until it expires (default: the hub's)");
  create->callback([&chosen, options] {
    chosen = [options](Context& context) { return token_create(context, *options); };
  });
  auto* ls = group->add_subcommand("ls", "list tokens, without their secrets");
  ls->add_option("--user", options->user, "whose (default: yours)");
  ls->callback([&chosen, options] {
    chosen = [options](Context& context) { return token_list(context, *options); };
  });
  auto* revoke = group->add_subcommand("revoke", "end a token at once");
  revoke->add_option("id", options->id, "its id, as `token ls` shows it")->required();
  revoke->callback([&chosen, options] {
    chosen = [options](Context& context) { return token_revoke(context, *options); };
  });
}

}  // namespace waag::cli
