#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include "cli/context.h"
#include "cli/print.h"

/// status, user and token: the hub's own API under /api/waag/v1.
namespace waag::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view api = "/api/waag/v1";
constexpr std::size_t items_max = 100'000;

struct UserOptions {
  std::string name, full_name, email;
  bool admin = false;
};

struct TokenOptions {
  std::string name, user, id;
  std::string role = "write";
  unsigned days = 0;
};

int user_create(Context& context, const UserOptions& options) {
  json::object body{{"name", options.name}, {"admin", options.admin}};
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
    const auto role = field_text(user, "admin") == "true" ? "admin" : "user";
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

int token_create(Context& context, const TokenOptions& options) {
  json::object body{{"name", options.name}, {"role", options.role}};
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
  create->callback([&chosen, options] {
    chosen = [options](Context& context) { return user_create(context, *options); };
  });
  group->add_subcommand("ls", "list users")->callback([&chosen] { chosen = user_list; });
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
