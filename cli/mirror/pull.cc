#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/jobs/progress_line.h"
#include "cli/jobs/watch.h"
#include "cli/mirror/plan.h"
#include "cli/print.h"
#include "cli/repo_id.h"

/// pull: one repo of the hub's upstream, now.
namespace waag::cli {
namespace {

namespace json = boost::json;

struct PullOptions {
  std::string id;
  std::string type = "model";
  std::string revision = "main";
  std::vector<std::string> include, exclude;
  bool dry_run = false;
  bool no_wait = false;
};

json::array array_of(const std::vector<std::string>& texts) {
  json::array made;
  for (const auto& text : texts) made.emplace_back(text);
  return made;
}

json::object body_of(const PullOptions& options) {
  json::object body{{"repo", options.id}, {"type", options.type}, {"revision", options.revision}};
  if (!options.include.empty()) body["include"] = array_of(options.include);
  if (!options.exclude.empty()) body["exclude"] = array_of(options.exclude);
  if (options.dry_run) body["dry_run"] = true;
  return body;
}

/// What the job found out or brought, for people.
void show_result(Context& context, const json::value& job) {
  const auto* result = job.is_object() ? job.get_object().if_contains("result") : nullptr;
  if (result == nullptr || !result->is_object()) return;
  const auto& told = result->get_object();
  auto& out = context.world.out;
  out << "commit " << printable(field_text(*result, "commit")) << ": " << number_of(told, "files")
      << " files, " << human_bytes(number_of(told, "bytes")) << "; "
      << human_bytes(number_of(told, "bytes_here")) << " here";
  if (const auto by_chunk = number_of(told, "bytes_here_by_chunk"); by_chunk > 0)
    out << ", " << human_bytes(by_chunk) << " more by chunks";
  if (told.contains("bytes_fetched"))
    out << ", " << human_bytes(number_of(told, "bytes_fetched")) << " fetched now";
  if (const auto left_out = number_of(told, "files_left_out"); left_out > 0)
    out << "; " << left_out << " files left out by the policy";
  if (const auto left_out = number_of(told, "refs_left_out"); left_out > 0)
    out << "; " << left_out << " refs left out";
  out << '\n';
  if (const auto from = field_text(*result, "rewritten_from"); !from.empty())
    context.world.err << "warning: the upstream has rewritten it; before, it led to "
                      << printable(from) << '\n';
  if (const auto history = field_text(*result, "history"); !history.empty())
    context.world.err << "waag: without the history: " << printable(history) << '\n';
  show_warnings(context, *result);
}

int pull(Context& context, const PullOptions& options) {
  if (!parse_repo_name(options.id, options.type)) return bad_repo_name(context, options.id);
  const auto answer = context.hub.call("POST", "/api/waag/v1/pulls", body_of(options));
  if (answer.failure) return context.refuse(*answer.failure);
  const auto* id = answer.json.is_object() ? answer.json.get_object().if_contains("id") : nullptr;
  if (id == nullptr || !id->is_number()) {
    context.world.err << "waag: the hub gave no job\n";
    return exit_refused;
  }
  const auto number = id->to_number<std::uint64_t>();
  if (options.no_wait) {
    if (!context.printed(answer))
      context.world.out << "job " << number << ": waag jobs watch " << number << '\n';
    return exit_ok;
  }
  const int code = watch_job(context, number);
  if (code != exit_ok || context.json) return code;
  const auto job = context.hub.call("GET", "/api/waag/v1/jobs/" + std::to_string(number));
  if (!job.failure) show_result(context, job.json);
  return code;
}

}  // namespace

void add_pull(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<PullOptions>();
  auto* command = app.add_subcommand(
      "pull", "bring a repo of the hub's upstream to the hub now, and follow how far it is");
  command->add_option("id", options->id, "namespace/name, as the upstream calls it")->required();
  command->add_option("--type", options->type, "model, dataset or space")
      ->check(CLI::IsMember({"model", "dataset", "space"}))
      ->capture_default_str();
  command->add_option("--revision", options->revision, "branch, tag or commit")
      ->capture_default_str();
  command->add_option("--include", options->include,
                      "only these files, such as '*.safetensors' or 'onnx/'; may be repeated");
  command->add_option("--exclude", options->exclude, "not these files; may be repeated");
  command->add_flag("--dry-run", options->dry_run,
                    "only say how many files and bytes it is, and how many are here");
  command->add_flag("--no-wait", options->no_wait, "print the job's number and go");
  command->footer(
      "Examples:\n"
      "  waag pull acme/tiny\n"
      "  waag pull acme/rows --type dataset --include 'data/*.parquet' --dry-run");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return pull(context, *options); };
  });
}

}  // namespace waag::cli
