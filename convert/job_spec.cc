#include "convert/job_spec.h"

#include <algorithm>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "convert/io/output_folder.h"
#include "convert/spec/spec_members.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr std::size_t targets_max = 64;

Error bad(const std::string& what) { return fail(Errc::invalid_argument, what); }

Result<std::string> text_or_empty(const json::object& from, std::string_view key) {
  WAAG_TRY(auto value, hub::json_string(from, key));
  return std::move(value).value_or("");
}

Result<std::vector<std::string>> texts(const json::object& from, std::string_view key) {
  std::vector<std::string> values;
  const auto* member = from.if_contains(key);
  if (member == nullptr) return values;
  if (!member->is_array()) return bad(std::string(key) + " is no list of texts");
  for (const auto& item : member->get_array()) {
    if (!item.is_string()) return bad(std::string(key) + " is no list of texts");
    values.emplace_back(item.get_string());
  }
  return values;
}

Result<ModelIdentity> read_model(const json::object& spec) {
  ModelIdentity model;
  const auto* member = spec.if_contains("model");
  if (member == nullptr || !member->is_object()) return bad("model is missing");
  const auto& from = member->get_object();
  WAAG_CHECK(check_members(from, {"name", "organization", "repo_url", "commit", "license",
                                  "base_model", "tags", "languages"}));
  WAAG_TRY(model.name, hub::json_required_string(from, "name"));
  WAAG_TRY(model.organization, text_or_empty(from, "organization"));
  WAAG_TRY(model.repo_url, text_or_empty(from, "repo_url"));
  WAAG_TRY(model.commit, text_or_empty(from, "commit"));
  WAAG_TRY(model.license, text_or_empty(from, "license"));
  WAAG_TRY(model.base_models, texts(from, "base_model"));
  WAAG_TRY(model.tags, texts(from, "tags"));
  WAAG_TRY(model.languages, texts(from, "languages"));
  return model;
}

Result<TargetSpec> read_target(const json::object& from) {
  TargetSpec target;
  WAAG_TRY(const auto kind, hub::json_required_string(from, "kind"));
  WAAG_TRY(target.type, hub::json_required_string(from, "type"));
  if (kind == "gguf") {
    WAAG_CHECK(check_members(from, {"kind", "type", "file", "imatrix", "split_bytes"}));
    WAAG_TRY(target.path, hub::json_required_string(from, "file"));
    if (!target.path.ends_with(".gguf") || target.path.ends_with("/.gguf") ||
        target.path == ".gguf")
      return bad("file must be a name that ends with .gguf");
    if (from.contains("imatrix")) {
      WAAG_TRY(target.importance, absolute_path(from, "imatrix"));
    }
    WAAG_TRY(const auto split, hub::json_uint(from, "split_bytes"));
    target.split_bytes = split.value_or(0);
  } else if (kind == "safetensors") {
    WAAG_CHECK(check_members(from, {"kind", "type", "folder", "split_bytes"}));
    target.kind = TargetSpec::Kind::safetensors;
    WAAG_TRY(target.path, hub::json_required_string(from, "folder"));
    WAAG_TRY(const auto split, hub::json_uint(from, "split_bytes"));
    target.split_bytes = split.value_or(0);
  } else {
    return bad("kind " + kind + " is neither gguf nor safetensors");
  }
  if (!is_plain_path(target.path)) return bad(target.path + " is no path below the output");
  return target;
}

Result<std::vector<TargetSpec>> read_targets(const json::object& spec) {
  std::vector<TargetSpec> targets;
  std::set<std::string> paths;
  const auto* list = hub::json_array(spec, "targets");
  if (list == nullptr || list->empty()) return bad("no targets");
  if (list->size() > targets_max) return bad("more than 64 targets");
  for (const auto& item : *list) {
    if (!item.is_object()) return bad("a target is no object");
    WAAG_TRY(auto target, read_target(item.get_object()));
    if (!paths.insert(target.path).second) return bad("two targets write " + target.path);
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<Device> read_device(const json::object& spec) {
  WAAG_TRY(const auto name, hub::json_string(spec, "device"));
  if (!name || *name == "auto") return Device::automatic;
  if (*name == "cpu") return Device::cpu;
  if (*name == "cuda") return Device::cuda;
  return bad("device " + *name + " is none of auto, cpu, cuda");
}

Result<JobSpec> read_spec(std::string_view text) {
  JobSpec spec;
  WAAG_TRY(const auto from, parse_spec(text, job_spec_bytes_max));
  WAAG_CHECK(check_members(from, {"source", "output", "threads", "device", "allow_requantize",
                                  "via", "model", "targets"}));
  WAAG_TRY(spec.source, absolute_path(from, "source"));
  WAAG_TRY(spec.output, absolute_path(from, "output"));
  WAAG_TRY(spec.threads, threads_member(from));
  WAAG_TRY(spec.device, read_device(from));
  WAAG_TRY(const auto requantize, hub::json_bool(from, "allow_requantize"));
  spec.allow_requantize = requantize.value_or(false);
  WAAG_TRY(const auto via, hub::json_string(from, "via"));
  if (via && *via != "bf16" && *via != "direct") return bad("via is neither bf16 nor direct");
  spec.is_via_bf16 = !via || *via == "bf16";
  WAAG_TRY(spec.model, read_model(from));
  WAAG_TRY(spec.targets, read_targets(from));
  return spec;
}

}  // namespace

std::string TargetSpec::name() const {
  return (kind == Kind::gguf ? "gguf:" : "safetensors:") + type;
}

Result<JobSpec> parse_job_spec(std::string_view text) {
  auto spec = read_spec(text);
  // A wrong member is the caller's mistake, whatever the reader of JSON calls it.
  if (!spec) return bad("job spec: " + spec.error().what);
  return spec;
}

}  // namespace waag::convert
