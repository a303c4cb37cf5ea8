#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/jobs/progress_line.h"
#include "cli/jobs/validation.h"
#include "cli/jobs/watch.h"
#include "cli/print.h"

/// jobs: what the hub does on its own, how far it is, and how to stop it.
namespace waag::cli {
namespace {

namespace json = boost::json;

struct JobOptions {
  std::uint64_t id = 0;
  std::string state, kind;
  std::size_t limit = 50;
};

std::string path_of(const JobOptions& options) {
  return "/api/waag/v1/jobs/" + std::to_string(options.id);
}

/// How far the job is, or why it ended.
std::string remark(const json::value& job) {
  if (const auto error = field_text(job, "error"); !error.empty()) return printable(error);
  const auto* progress = job.is_object() ? job.as_object().if_contains("progress") : nullptr;
  if (progress == nullptr) return "";
  ProgressLine line;
  line.update(*progress, {});
  return line.text();
}

int list(Context& context, const JobOptions& options) {
  std::string path = "/api/waag/v1/jobs?limit=" + std::to_string(options.limit);
  if (!options.state.empty()) path += "&state=" + encode_segment(options.state);
  if (!options.kind.empty()) path += "&kind=" + encode_segment(options.kind);
  const auto answer = context.hub.list(path, options.limit);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  std::vector<std::vector<std::string>> lines;
  for (const auto& job : answer.json.as_array())
    lines.push_back({field_text(job, "id"), field_text(job, "kind"), field_text(job, "state"),
                     field_text(job, "user"), field_text(job, "createdAt"), remark(job)});
  print_table(context.world.out, {"ID", "KIND", "STATE", "USER", "CREATED", "PROGRESS"}, lines);
  return exit_ok;
}

int show(Context& context, const JobOptions& options) {
  const auto answer = context.hub.call("GET", path_of(options));
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer) || !answer.json.is_object()) return exit_ok;
  auto shown = answer.json.as_object();
  shown["progress"] = remark(json::object{{"progress", shown["progress"]}});
  if (auto* error = shown.if_contains("error"))
    *error = printable(field_text(answer.json, "error"));
  print_fields(context.world.out, shown,
               {"id", "kind", "state", "user", "priority", "spec", "createdAt", "startedAt",
                "finishedAt", "notBefore", "attempts", "progress", "error", "result"});
  if (const auto* result = shown.if_contains("result")) show_validation(context.world.out, *result);
  return exit_ok;
}

int cancel(Context& context, const JobOptions& options) {
  const auto answer = context.hub.call("DELETE", path_of(options));
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  const auto state = field_text(answer.json, "state");
  context.world.out << "job " << options.id << " "
                    << (state == "running" ? "is told to stop" : "is " + printable(state)) << '\n';
  return exit_ok;
}

}  // namespace

void add_job_commands(CLI::App& app, Command& chosen) {
  auto* jobs = app.add_subcommand("jobs", "what the hub does on its own: mirror runs, conversions");
  jobs->require_subcommand(1);
  auto options = std::make_shared<JobOptions>();
  const auto choose = [&chosen, options](int (*work)(Context&, const JobOptions&)) {
    return [&chosen, options, work] {
      chosen = [options, work](Context& context) { return work(context, *options); };
    };
  };
  auto* ls = jobs->add_subcommand("ls", "newest first: one's own; all for admins and auditors");
  ls->add_option("--state", options->state, "only these")
      ->check(CLI::IsMember({"queued", "running", "done", "failed", "cancelled"}));
  ls->add_option("--kind", options->kind, "only these, such as mirror");
  ls->add_option("--limit", options->limit, "at most so many")->capture_default_str();
  ls->callback(choose(list));
  const auto add = [&](const char* name, const char* about, auto work) {
    auto* command = jobs->add_subcommand(name, about);
    command->add_option("id", options->id, "number of the job")
        ->required()
        ->check(CLI::PositiveNumber);
    command->callback(choose(work));
  };
  add("show", "all about one job", show);
  add(
      "watch", "follow a job to its end; exit code 0 if it is done, 1 if it failed",
      +[](Context& context, const JobOptions& wish) { return watch_job(context, wish.id); });
  add("cancel", "end a queued job at once, a running one soon", cancel);
}

}  // namespace waag::cli
