#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/jobs/progress_line.h"
#include "cli/jobs/watch.h"
#include "cli/print.h"
#include "cli/repo_id.h"

/// convert: other formats of a model of the hub, made by the hub.
namespace waag::cli {
namespace {

namespace json = boost::json;

struct ConvertOptions {
  std::string source;  // ns/name or ns/name@revision
  std::vector<std::string> targets;
  std::string name;
  std::string imatrix;
  std::string via;
  std::uint64_t split_bytes = 0;
  bool allow_requantize = false;
  bool validate = false, no_validate = false;  // neither: as the hub is set up
  bool detach = false;
  bool follow = false;
};

json::object body_of(const ConvertOptions& options) {
  const auto at = options.source.find('@');
  json::object body{{"source", options.source.substr(0, at)}};
  if (at != std::string::npos) body["revision"] = options.source.substr(at + 1);
  json::array targets;
  for (const auto& target : options.targets) targets.emplace_back(target);
  body["targets"] = std::move(targets);
  if (!options.name.empty()) body["name"] = options.name;
  if (!options.imatrix.empty()) body["imatrix"] = options.imatrix;
  if (options.allow_requantize) body["allow_requantize"] = true;
  if (!options.via.empty()) body["via"] = options.via;
  if (options.split_bytes != 0) body["split_bytes"] = options.split_bytes;
  if (options.validate || options.no_validate) body["validate"] = options.validate;
  return body;
}

/// Where what was made is, for people, and what to know of it.
void show_result(Context& context, const json::value& job) {
  const auto* result = job.is_object() ? job.get_object().if_contains("result") : nullptr;
  if (result == nullptr || !result->is_object()) return;
  show_warnings(context, *result);
  const auto* list = result->get_object().if_contains("published");
  if (list == nullptr || !list->is_array()) return;
  for (const auto& one : list->get_array()) {
    const auto* bytes = one.is_object() ? one.get_object().if_contains("bytes") : nullptr;
    context.world.out << printable(field_text(one, "repo")) << " at "
                      << printable(field_text(one, "commit")) << ": "
                      << printable(field_text(one, "files")) << " files";
    if (bytes != nullptr && bytes->is_number()) {
      boost::system::error_code bad;
      context.world.out << ", " << human_bytes(bytes->to_number<std::uint64_t>(bad));
    }
    context.world.out << '\n';
  }
}

int convert(Context& context, const ConvertOptions& options) {
  const auto id = options.source.substr(0, options.source.find('@'));
  if (!parse_repo_name(id, "model")) return bad_repo_name(context, id);
  const auto answer = context.hub.call("POST", "/api/waag/v1/convert", body_of(options));
  if (answer.failure) return context.refuse(*answer.failure);
  const auto* job = answer.json.is_object() ? answer.json.get_object().if_contains("id") : nullptr;
  if (job == nullptr || !job->is_number()) {
    context.world.err << "waag: the hub gave no job\n";
    return exit_refused;
  }
  const auto number = job->to_number<std::uint64_t>();
  if (options.detach) {
    if (!context.printed(answer))
      context.world.out << "job " << number << ": waag jobs watch " << number << '\n';
    return exit_ok;
  }
  const int code = watch_job(context, number);
  if (context.json) return code;
  const auto ended = context.hub.call("GET", "/api/waag/v1/jobs/" + std::to_string(number));
  if (!ended.failure) show_result(context, ended.json);
  return code;
}

}  // namespace

void add_convert(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ConvertOptions>();
  auto* command = app.add_subcommand(
      "convert", "have the hub make other formats of a model, and follow how far it is");
  command->add_option("source", options->source, "namespace/name, or namespace/name@revision")
      ->required();
  command
      ->add_option("--to", options->targets,
                   "what to make: gguf:Q4_K_M, gguf:Q8_0, safetensors:fp8-dynamic, ...; "
                   "comma-separated, may be repeated")
      ->delimiter(',')
      ->required();
  command->add_option("--name", options->name,
                      "name, or namespace/name, before the ending (-GGUF, -FP8, ...) of the "
                      "repositories that it goes to; by default the source's");
  command->add_option("--imatrix", options->imatrix,
                      "file of the source with an importance matrix for GGUF types");
  command->add_flag("--allow-requantize", options->allow_requantize,
                    "also from weights that were quantized before");
  command
      ->add_option("--via", options->via,
                   "what FP8 weights become on their way to a GGUF: bf16, the bits of llama.cpp's "
                   "two tools, as is the default, or direct, which loses less")
      ->check(CLI::IsMember({"bf16", "direct"}));
  command
      ->add_option("--split-max-size,--split-bytes", options->split_bytes,
                   "files of at most so many bytes of weights, such as 40G (that is the default of "
                   "GGUF) or 500M")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/true));
  auto* validate = command->add_flag(
      "--validate", options->validate,
      "compare what is made with its source before it is published, and publish a certificate with "
      "it: what lost too much is not published; by default as the hub's convert.validate says");
  command->add_flag("--no-validate", options->no_validate, "publish it as it is")
      ->excludes(validate);
  auto* detach = command->add_flag("--detach", options->detach, "print the job's number and go");
  command->add_flag("--follow", options->follow, "follow the job to its end, as is the default")
      ->excludes(detach);
  command->footer(
      "Examples:\n"
      "  waag convert ada/tiny --to gguf:Q4_K_M,gguf:Q8_0 --validate\n"
      "  waag convert ada/tiny@v1 --to safetensors:fp8-dynamic --name ada/small --detach");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return convert(context, *options); };
  });
}

}  // namespace waag::cli
