#include <array>
#include <cstdio>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/print.h"
#include "cli/repo_id.h"

/// stats and repo du: how many bytes there are for users, and how many on disk.
namespace waag::cli {
namespace {

namespace json = boost::json;

struct UsageOptions {
  std::string id;
  std::string type = "model";
  std::string revision;
};

std::optional<std::uint64_t> number_of(const json::value& object, std::string_view key) {
  const auto* value = object.is_object() ? object.as_object().if_contains(key) : nullptr;
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<std::uint64_t>();
}

/// "2.41"; "" for a store of nothing.
std::string ratio(std::uint64_t logical, std::uint64_t stored) {
  if (stored == 0) return "";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f",
                static_cast<double>(logical) / static_cast<double>(stored));
  return text.data();
}

/// For people: `from` of the answer as `to`, if it is there.
void show_bytes(json::object& shown, std::string_view to, const json::value& answer,
                std::string_view from) {
  if (const auto bytes = number_of(answer, from)) shown[to] = human_bytes(*bytes);
}

int stats(Context& context) {
  const auto answer = context.hub.call("GET", "/api/waag/v1/status");
  if (answer.failure) return context.refuse(*answer.failure);
  const auto logical = number_of(answer.json, "logicalBytes");
  const auto stored = number_of(answer.json, "packBytes");
  if (!logical || !stored) {
    context.world.err << "waag: only hub admins and auditors see how much the hub holds\n";
    return exit_refused;
  }
  if (context.printed(answer)) return exit_ok;
  json::object shown{{"repos", field_text(answer.json, "repos")},
                     {"blobs", field_text(answer.json, "blobs")},
                     {"ratio", ratio(*logical, *stored)}};
  show_bytes(shown, "logical", answer.json, "logicalBytes");
  show_bytes(shown, "stored", answer.json, "packBytes");
  show_bytes(shown, "free", answer.json, "freeBytes");
  print_fields(context.world.out, shown, {"repos", "blobs", "logical", "stored", "ratio", "free"});
  return exit_ok;
}

/// Of the files that one revision shows.
int revision_size(Context& context, const UsageOptions& options, const RepoName& repo) {
  const auto path = api_path(repo) + "/treesize/" + encode_segment(options.revision);
  const auto answer = context.hub.call("GET", path);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  context.world.out << human_bytes(number_of(answer.json, "size").value_or(0)) << "  " << options.id
                    << '\n';
  return exit_ok;
}

int repo_usage(Context& context, const UsageOptions& options) {
  const auto repo = parse_repo_name(options.id, options.type);
  if (!repo) return bad_repo_name(context, options.id);
  if (!options.revision.empty()) return revision_size(context, options, *repo);
  const auto path = "/api/waag/v1/repos" + api_path(*repo).substr(std::string_view("/api").size());
  const auto answer = context.hub.call("GET", path + "/usage?shared=true");
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  const auto logical = number_of(answer.json, "logicalBytes").value_or(0);
  const auto physical = number_of(answer.json, "physicalBytes").value_or(0);
  json::object shown{{"files", field_text(answer.json, "files")},
                     {"ratio", ratio(logical, physical)}};
  show_bytes(shown, "logical", answer.json, "logicalBytes");
  show_bytes(shown, "physical", answer.json, "physicalBytes");
  show_bytes(shown, "shared", answer.json, "sharedBytes");
  print_fields(context.world.out, shown, {"files", "logical", "physical", "shared", "ratio"});
  return exit_ok;
}

}  // namespace

void add_stats(CLI::App& app, Command& chosen) {
  app.add_subcommand("stats", "how much the hub holds and what it takes (admins and auditors)")
      ->callback([&chosen] { chosen = stats; });
}

void add_repo_usage(CLI::App& repo_group, Command& chosen) {
  auto options = std::make_shared<UsageOptions>();
  auto* command = repo_group.add_subcommand(
      "du", "bytes of large files, of all history: logical, as stored, shared with other repos");
  command->add_option("id", options->id, "namespace/name")->required();
  command->add_option("--type", options->type, "model, dataset or space")
      ->check(CLI::IsMember({"model", "dataset", "space"}))
      ->capture_default_str();
  command->add_option("--revision", options->revision,
                      "bytes of all files at that branch, tag or commit instead");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return repo_usage(context, *options); };
  });
}

}  // namespace waag::cli
