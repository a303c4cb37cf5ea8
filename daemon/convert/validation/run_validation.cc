#include "daemon/convert/validation/run_validation.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace waag::daemon {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// As it was when the limits were measured. Source: FORMATS 7.2.
constexpr unsigned context_tokens = 512;

/// Where the files of one target lie. Of a GGUF in parts the first one's name comes first.
json::object result_of(const Conversion& conversion, const ConvertTarget& target) {
  json::object result{{"target", target.text()}};
  if (target.kind == ConvertTarget::Kind::safetensors) {
    result["folder"] = (conversion.output / target.type).string();
    return result;
  }
  std::string first;
  for (const auto& file : conversion.files)
    if (file.target == target.text() && file.path.ends_with(".gguf"))
      if (first.empty() || file.path < first) first = file.path;
  result["gguf"] = (conversion.output / first).string();
  return result;
}

std::string child_input(const Config::Convert& config, const fs::path& source,
                        json::array results) {
  json::object spec{{"model", source.string()}};
  spec["chunks"] = config.validate_chunks;
  spec["context"] = context_tokens;
  spec["threads"] = converter_threads(config);
  spec["limits_factor"] = config.limits_factor;
  spec["results"] = std::move(results);
  return json::serialize(spec);
}

/// @param folder  with what was made
ChildOptions child_options(const fs::path& source, const fs::path& folder, std::string input) {
  ChildOptions options;
  options.arguments = {"--validate"};
  options.input = std::move(input);
  options.folder = folder;
  options.sandbox.readable = {source, folder};
  return options;
}

}  // namespace

Status check_validation(const Config::Convert& config, JobContext& context,
                        const fs::path& scratch) {
  const auto empty = scratch / "none";
  std::error_code error;
  fs::create_directories(empty, error);
  if (error) return fail(Errc::unavailable, "cannot make " + empty.string());
  const std::string target = "safetensors:int8";
  Validation validation({{target, 0}});
  context.set_note("checking whether it can be validated");
  json::array results{json::object{{"target", target}, {"folder", empty.string()}}};
  auto options =
      child_options(scratch / "in", empty, child_input(config, scratch / "in", std::move(results)));
  const auto take = [&](std::string_view line) { return validation.take(line); };
  const auto end = run_converter_program(config, std::move(options), context.stop_token(), take,
                                         validation.said());
  if (!end && end.error().code == Errc::unprocessable)
    return fail(Errc::unprocessable, "it cannot be validated: " + end.error().what);
  return end;
}

Result<Validation> run_validation(const Config::Convert& config, JobContext& context,
                                  const Conversion& conversion, const ValidationInput& input) {
  std::map<std::string, std::uint64_t> tensors;
  json::array results;
  for (const auto& output : conversion.spec.outputs) {
    const auto known = input.tensors.find(output.target.text());
    tensors[output.target.text()] = known != input.tensors.end() ? known->second : 0;
    results.push_back(result_of(conversion, output.target));
  }
  Validation validation(tensors);
  // Weights that are run through: of both models.
  auto bytes = input.source_bytes * tensors.size();
  for (const auto& file : conversion.files) bytes += file.size_bytes;
  context.set_total(bytes, tensors.size());
  context.set_done(0, 0);
  context.set_note("validating");
  auto options = child_options(input.source, conversion.output,
                               child_input(config, input.source, std::move(results)));
  const auto take = [&](std::string_view line) -> Status {
    WAAG_CHECK(validation.take(line));
    const auto done = static_cast<double>(bytes) * validation.share();
    context.set_done(static_cast<std::uint64_t>(done), validation.targets_done());
    context.set_note(validation.note());
    return ok();
  };
  WAAG_CHECK(run_converter_program(config, std::move(options), context.stop_token(), take,
                                   validation.said()));
  return validation;
}

}  // namespace waag::daemon
