#include <array>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/context.h"
#include "cli/jobs/progress_line.h"
#include "cli/mirror/plan.h"
#include "cli/print.h"

/// mirror: what the hub brings from its upstream again and again.
namespace waag::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view api = "/api/waag/v1/mirrors";
constexpr std::size_t items_max = 10'000;

struct MirrorOptions {
  std::string name;
  std::vector<std::string> repos, revisions, include, exclude, convert;
  std::string type = "model";
  std::string every, cron, window, rate;
  bool paused = false;
  bool dry_run = false;
};

std::string path_of(const MirrorOptions& options) {
  return std::string(api) + "/" + encode_segment(options.name);
}

void put_list(json::object& body, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json::array list;
  for (const auto& text : texts) list.emplace_back(text);
  body[key] = std::move(list);
}

void put_text(json::object& body, std::string_view key, const std::string& text) {
  if (!text.empty()) body[key] = text;
}

/// "2 done, 1 failed"
std::string states_of(const json::value& rule) {
  std::string text;
  const auto* states = rule.is_object() ? rule.get_object().if_contains("lastStates") : nullptr;
  if (states == nullptr || !states->is_object()) return text;
  for (const auto& [name, count] : states->get_object()) {
    if (!text.empty()) text += ", ";
    text += field_text(*states, name) + " " + std::string(name);
  }
  return printable(text);
}

std::string joined(const json::value& rule, std::string_view key) {
  std::string text;
  const auto* list = rule.is_object() ? rule.get_object().if_contains(key) : nullptr;
  if (list == nullptr || !list->is_array()) return text;
  for (const auto& one : list->get_array()) {
    if (!text.empty()) text += " ";
    if (one.is_string()) text += one.get_string();
  }
  return printable(text);
}

std::string when_of(const json::value& rule) {
  if (field_text(rule, "paused") == "true") return "paused";
  if (const auto cron = field_text(rule, "cron"); !cron.empty()) return printable(cron);
  const auto every = field_text(rule, "every");
  return every.empty() ? "when told" : "every " + printable(every) + " s";
}

/// "20 MB/s", exactly.
std::string human_rate(std::uint64_t bytes) {
  constexpr std::array units{" B/s", " kB/s", " MB/s", " GB/s"};
  std::size_t unit = 0;
  for (; bytes > 0 && bytes % 1000 == 0 && unit + 1 < units.size(); ++unit) bytes /= 1000;
  return std::to_string(bytes) + units[unit];
}

/// "" = no rate of its own
std::string rate_of(const json::value& rule) {
  const auto* rate = rule.is_object() ? rule.get_object().if_contains("rate") : nullptr;
  if (rate == nullptr || !rate->is_number()) return "";
  boost::system::error_code wrong;
  const auto bytes = rate->to_number<std::uint64_t>(wrong);
  return wrong ? "" : human_rate(bytes);
}

/// "22:00-06:00 UTC, closed until 2026-11-27T22:00:00.000Z"
std::string window_of(const json::value& rule) {
  auto text = printable(field_text(rule, "window"));
  if (text.empty()) return text;
  text += " UTC";
  if (const auto opens = field_text(rule, "windowOpensAt"); !opens.empty())
    text += ", closed until " + printable(opens);
  else if (const auto closes = field_text(rule, "windowClosesAt"); !closes.empty())
    text += ", open until " + printable(closes);
  return text;
}

int add(Context& context, const MirrorOptions& options) {
  json::object body{{"name", options.name}, {"type", options.type}};
  put_list(body, "repos", options.repos);
  put_list(body, "revisions", options.revisions);
  put_list(body, "include", options.include);
  put_list(body, "exclude", options.exclude);
  put_list(body, "convert", options.convert);
  put_text(body, "every", options.every);
  put_text(body, "cron", options.cron);
  put_text(body, "window", options.window);
  put_text(body, "rate", options.rate);
  if (options.paused) body["paused"] = true;
  const auto answer = context.hub.call("POST", api, body);
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer)) context.world.out << "added mirror " << options.name << '\n';
  return exit_ok;
}

int list(Context& context, const MirrorOptions&) {
  const auto answer = context.hub.list(api, items_max);
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer)) return exit_ok;
  std::vector<std::vector<std::string>> lines;
  for (const auto& rule : answer.json.as_array())
    lines.push_back({field_text(rule, "name"), field_text(rule, "type"), joined(rule, "repos"),
                     when_of(rule), printable(field_text(rule, "window")), rate_of(rule),
                     field_text(rule, "lastRunAt"), states_of(rule)});
  print_table(context.world.out,
              {"NAME", "TYPE", "REPOS", "WHEN", "WINDOW", "RATE", "LAST RUN", "JOBS"}, lines);
  return exit_ok;
}

void show(Context& context, const json::value& rule) {
  if (!rule.is_object()) return;
  auto shown = rule.get_object();
  for (const auto* key : {"repos", "revisions", "include", "exclude", "convert"})
    if (shown.contains(key)) shown[key] = joined(rule, key);
  shown["when"] = when_of(rule);
  shown["window"] = window_of(rule);
  shown["rate"] = rate_of(rule);
  shown["jobs"] = states_of(rule);
  if (shown.contains("lastError")) shown["lastError"] = printable(field_text(rule, "lastError"));
  print_fields(
      context.world.out, shown,
      {"name", "type", "repos", "revisions", "include", "exclude", "convert", "when", "window",
       "rate", "owner", "lastRunAt", "nextRunAt", "jobs", "lastJobs", "lastError"});
}

/// Of one rule, or of the upstreams.
int status(Context& context, const MirrorOptions& options) {
  if (!options.name.empty()) {
    const auto answer = context.hub.call("GET", path_of(options));
    if (answer.failure) return context.refuse(*answer.failure);
    if (!context.printed(answer)) show(context, answer.json);
    return exit_ok;
  }
  const auto answer = context.hub.call("GET", "/api/waag/v1/upstreams");
  if (answer.failure) return context.refuse(*answer.failure);
  if (context.printed(answer) || !answer.json.is_object()) return exit_ok;
  const auto& told = answer.json.get_object();
  const auto table = [&](const char* key, const std::vector<std::string>& columns,
                         const std::vector<std::string>& fields) {
    const auto* list = told.if_contains(key);
    if (list == nullptr || !list->is_array()) return;
    std::vector<std::vector<std::string>> lines;
    for (const auto& one : list->get_array()) {
      std::vector<std::string> line;
      for (const auto& field : fields) line.push_back(printable(field_text(one, field)));
      lines.push_back(std::move(line));
    }
    print_table(context.world.out, columns, lines);
  };
  table("upstreams", {"UPSTREAM", "STATE", "CALLS", "FAILURES", "BYTES"},
        {"url", "state", "calls", "failures", "bytes"});
  table("fills", {"ON ITS WAY", "BYTES HERE", "BYTES"}, {"file", "bytesHere", "bytes"});
  table("gone", {"GONE THERE", "TYPE", "UPSTREAM", "SINCE"}, {"id", "type", "upstream", "since"});
  table("leftOut", {"LACKS REFS", "TYPE", "REFS", "SUCH AS", "REASON"},
        {"id", "type", "refs", "ref", "reason"});
  return exit_ok;
}

int run_now(Context& context, const MirrorOptions& options) {
  const auto path = path_of(options) + "/run";
  if (options.dry_run) {
    const auto answer = context.hub.call("POST", path, json::object{{"dry_run", true}});
    return answer.failure ? context.refuse(*answer.failure) : show_plan(context, answer.json);
  }
  const auto answer = context.hub.call("POST", path);
  if (answer.failure) return context.refuse(*answer.failure);
  const auto error = field_text(answer.json, "lastError");
  if (!context.printed(answer)) {
    context.world.out << "jobs of " << options.name << ": " << field_text(answer.json, "lastJobs")
                      << '\n';
    if (!error.empty()) context.world.err << "waag: " << printable(error) << '\n';
  }
  return error.empty() ? exit_ok : exit_refused;
}

int set_paused(Context& context, const MirrorOptions& options, bool paused) {
  const auto answer = context.hub.call("PATCH", path_of(options), json::object{{"paused", paused}});
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer))
    context.world.out << (paused ? "paused " : "resumed ") << options.name << '\n';
  return exit_ok;
}

int pause(Context& context, const MirrorOptions& options) {
  return set_paused(context, options, true);
}

int resume(Context& context, const MirrorOptions& options) {
  return set_paused(context, options, false);
}

int remove(Context& context, const MirrorOptions& options) {
  const auto answer = context.hub.call("DELETE", path_of(options));
  if (answer.failure) return context.refuse(*answer.failure);
  if (!context.printed(answer))
    context.world.out << "removed mirror " << options.name << "; what it brought stays\n";
  return exit_ok;
}

void add_options_of_add(CLI::App& command, MirrorOptions& options) {
  command.add_option("repos", options.repos, "namespace/name, or namespace/pattern: 'acme/*'")
      ->required();
  command.add_option("--type", options.type, "model, dataset or space")
      ->check(CLI::IsMember({"model", "dataset", "space"}))
      ->capture_default_str();
  command.add_option("--revision", options.revisions,
                     "branch, tag or pattern: 'v*'; may be repeated (default: main)");
  command.add_option("--include", options.include, "only these files; may be repeated");
  command.add_option("--exclude", options.exclude, "not these files; may be repeated");
  command
      .add_option("--convert", options.convert,
                  "what is then made of each model: gguf:Q4_K_M, safetensors:fp8-dynamic, ...; "
                  "comma-separated, may be repeated")
      ->delimiter(',');
  auto* every = command.add_option("--every", options.every, "interval: 30m, 6h, 1d");
  command.add_option("--cron", options.cron, "five fields in UTC: 'minute hour day month weekday'")
      ->excludes(every);
  command.add_option("--window", options.window,
                     "run jobs only at this time of the day in UTC: 22:00-06:00; outside it they "
                     "wait, and then go on where they were");
  command.add_option("--rate", options.rate,
                     "at most so many bytes a second for all its jobs together: 500K, 20M, 1G "
                     "(thousands, millions, ...); what clients read meanwhile is not held back");
  command.add_flag("--paused", options.paused, "do not start yet");
  command.footer(
      "Examples:\n"
      "  waag mirror add nightly 'acme/*' other/tiny --cron '0 2 * * *'\n"
      "  waag mirror add big acme/big --every 6h --window 22:00-06:00 --rate 20M");
}

}  // namespace

void add_mirror_commands(CLI::App& app, Command& chosen) {
  auto* mirror = app.add_subcommand(
      "mirror", "what the hub brings from its upstream again and again (hub admins)");
  mirror->require_subcommand(1);
  auto options = std::make_shared<MirrorOptions>();
  const auto choose = [&chosen, options](int (*work)(Context&, const MirrorOptions&)) {
    return [&chosen, options, work] {
      chosen = [options, work](Context& context) { return work(context, *options); };
    };
  };
  const auto named = [&](const char* name, const char* about, auto work, bool required = true) {
    auto* command = mirror->add_subcommand(name, about);
    auto* option = command->add_option("name", options->name, "name of the mirror");
    if (required) option->required();
    command->callback(choose(work));
    return command;
  };
  add_options_of_add(*named("add", "a new one: which repos, which files, when", add), *options);
  mirror->add_subcommand("ls", "all of them, and how their last runs went")->callback(choose(list));
  named("run", "submit its jobs now", run_now)
      ->add_flag("--dry-run", options->dry_run,
                 "only find out, and tell, what there is to bring and how much of it is here");
  named("pause", "no runs until it is resumed", pause);
  named("resume", "runs again when it is due", resume);
  named("rm", "end it; what it has brought stays", remove);
  named("status", "all about one; without a name the upstreams and files on their way", status,
        false);
}

}  // namespace waag::cli
