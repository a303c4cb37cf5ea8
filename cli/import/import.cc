#include <algorithm>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cli/import/uploader.h"
#include "cli/jobs/progress_line.h"
#include "cli/print.h"

/// import: a folder, or a Hugging Face cache, as repos of this hub's own.
namespace waag::cli {
namespace {

namespace json = boost::json;

struct ImportOptions {
  std::string path;
  bool hf_cache = false;
  std::string repo, ns;
  std::string type = "model";
  bool is_private = false;
  bool dry_run = false;
};

/// Where huggingface_hub keeps it. Source: huggingface_hub, constants.py.
std::string default_cache(const World& world) {
  if (const auto set = world.environment("HF_HUB_CACHE"); set && !set->empty()) return *set;
  if (const auto home = world.environment("HF_HOME"); home && !home->empty()) return *home + "/hub";
  const auto home = world.environment("HOME");
  return home.value_or("") + "/.cache/huggingface/hub";
}

int refuse(Context& context, const Error& error) {
  context.world.err << "waag: " << printable(error.what) << '\n';
  return exit_refused;
}

/// One source to one repo. @return an exit code
int import_one(Context& context, const ImportOptions& options, const Source& source,
               const RepoName& repo, json::array& told) {
  const auto name = repo.ns + "/" + repo.name;
  std::uint64_t bytes = 0;
  for (const auto& file : source.files) bytes += file.size_bytes;
  json::object row{{"repo", name}, {"type", repo.type}, {"files", source.files.size()}};
  row["bytes"] = bytes;
  if (options.dry_run) {
    if (!context.json)
      context.world.out << repo.type << " " << printable(name) << ": " << source.files.size()
                        << " files, " << human_bytes(bytes) << '\n';
    told.push_back(std::move(row));
    return exit_ok;
  }
  Uploader uploader(context, repo, options.is_private);
  const auto problem = uploader.upload(source);
  const auto& outcome = uploader.outcome();
  row["uploaded_files"] = outcome.uploaded;
  row["uploaded_bytes"] = outcome.bytes;
  row["commits"] = outcome.commits;
  if (problem) {
    row["error"] = problem->text;
    context.world.err << "waag: " << printable(name) << ": " << printable(problem->text) << '\n';
  } else if (!context.json) {
    context.world.out << repo.type << " " << printable(name) << ": " << outcome.uploaded << " of "
                      << outcome.files << " files uploaded, " << human_bytes(outcome.bytes) << '\n';
  }
  told.push_back(std::move(row));
  return problem ? problem->code : exit_ok;
}

void print_told(const Context& context, const json::array& told) {
  if (context.json) context.world.out << json::serialize(told) << '\n';
}

int import_folder(Context& context, const ImportOptions& options) {
  const auto repo = parse_repo_name(options.repo, options.type);
  if (!repo) return bad_repo_name(context, options.repo);
  const auto source = folder_source(options.path);
  if (!source) return refuse(context, source.error());
  json::array told;
  const int code = import_one(context, options, *source, *repo, told);
  print_told(context, told);
  return code;
}

/// One repo's trouble does not stop the others.
int import_cache(Context& context, const ImportOptions& options) {
  if (!options.repo.empty() && !parse_repo_name(options.repo, options.type))
    return bad_repo_name(context, options.repo);
  const auto path = options.path.empty() ? default_cache(context.world) : options.path;
  const auto sources = cache_sources(path);
  if (!sources) return refuse(context, sources.error());
  json::array told;
  int code = exit_ok;
  bool found = false;
  for (const auto& source : *sources) {
    const auto full = source.ns.empty() ? source.name : source.ns + "/" + source.name;
    if (!options.repo.empty() && (full != options.repo || source.type != options.type)) continue;
    found = true;
    const RepoName repo{options.ns.empty() ? source.ns : options.ns, source.name, source.type};
    if (repo.ns.empty()) {
      context.world.err << "waag: " << printable(full)
                        << " has no namespace: say which by --namespace\n";
      code = exit_refused;
      continue;
    }
    code = std::max(code, import_one(context, options, source, repo, told));
  }
  print_told(context, told);
  if (found) return code;
  context.world.err << "waag: " << path << " holds "
                    << (options.repo.empty() ? "no repo" : "no such repo") << '\n';
  return exit_refused;
}

int run_import(Context& context, const ImportOptions& options) {
  if (options.hf_cache) return import_cache(context, options);
  if (!options.path.empty() && !options.repo.empty()) return import_folder(context, options);
  context.world.err << "waag: import takes a folder and --repo, or --hf-cache\n";
  return exit_usage;
}

}  // namespace

void add_import(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ImportOptions>();
  auto* command = app.add_subcommand(
      "import", "upload a folder, or what a Hugging Face cache holds, as repos of this hub");
  command->add_option("path", options->path,
                      "a folder; with --hf-cache that of the cache, if it is not the usual one");
  command->add_flag("--hf-cache", options->hf_cache,
                    "every model, dataset and space of the cache, each file verified");
  command->add_option("--repo", options->repo,
                      "namespace/name to upload to; with --hf-cache only that repo of it");
  command->add_option("--namespace", options->ns, "with --hf-cache: into this namespace");
  command->add_option("--type", options->type, "model, dataset or space (of --repo)")
      ->check(CLI::IsMember({"model", "dataset", "space"}))
      ->capture_default_str();
  command->add_flag("--private", options->is_private, "new repos only for you and hub admins");
  command->add_flag("--dry-run", options->dry_run, "only say what there is");
  command->footer(
      "What the hub has already is not sent again, so a second run goes on where the first "
      "stopped.\n"
      "Examples:\n"
      "  waag import ./tiny --repo ada/tiny\n"
      "  waag import --hf-cache --repo acme/tiny --namespace ada");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return run_import(context, *options); };
  });
}

}  // namespace waag::cli
