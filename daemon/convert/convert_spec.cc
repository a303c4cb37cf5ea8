#include "daemon/convert/convert_spec.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>

#include "daemon/api/common/json_body.h"
#include "daemon/mirror/sync/mirror_spec.h"
#include "protocol/git/path.h"
#include "protocol/http/field.h"
#include "protocol/hub/json_reader.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t targets_max = 32;
constexpr std::size_t revision_bytes_max = 512;
/// Smaller parts would make thousands of files of a model.
constexpr std::uint64_t split_bytes_min = 1'000'000;

/// Those that waag-convert makes (convert/recipe), in the names of llama-quantize.
constexpr std::array<std::string_view, 21> gguf_types{
    "F32",    "F16",    "BF16",   "Q8_0",   "Q4_0",   "Q4_1",   "Q5_0",
    "Q5_1",   "Q2_K",   "Q2_K_S", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S",
    "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K",   "IQ4_NL", "IQ4_XS", "MXFP4_MOE"};
constexpr std::array<std::string_view, 5> safetensors_types{"fp8-dynamic", "fp8-block", "int8",
                                                            "w4a16", "nvfp4"};

Error bad(std::string what) { return fail(Errc::invalid_argument, std::move(what)); }

template <std::size_t N>
Result<std::string> known_type(const std::array<std::string_view, N>& types,
                               std::string_view wanted) {
  const auto found = std::ranges::find_if(
      types, [&](std::string_view one) { return http::equal_nocase(one, wanted); });
  if (found != types.end()) return std::string(*found);
  std::string all;
  for (const auto one : types) all += (all.empty() ? "" : ", ") + std::string(one);
  return bad("\"" + std::string(wanted) + "\" is none of " + all);
}

Result<RepoId> model_named(std::string_view text, std::string_view key) {
  const auto slash = text.find('/');
  if (slash != text.npos)
    if (auto id = RepoId::make(RepoType::model, text.substr(0, slash), text.substr(slash + 1)); id)
      return id;
  return bad('"' + std::string(key) + "\" must be namespace/name of a model");
}

Result<ConvertOptions> read_options(const json::object& from) {
  ConvertOptions options;
  WAAG_TRY(const auto imatrix, text_field(from, "imatrix"));
  options.imatrix = imatrix.value_or("");
  if (!options.imatrix.empty()) {
    WAAG_TRY(options.imatrix, git::check_file_path(options.imatrix));
  }
  WAAG_TRY(const auto again, bool_field(from, "allow_requantize"));
  options.allow_requantize = again.value_or(false);
  WAAG_TRY(const auto via, text_field(from, "via"));
  if (via) options.via = *via;
  if (options.via != "bf16" && options.via != "direct")
    return bad("\"via\" must be bf16 or direct");
  WAAG_TRY(const auto split, hub::json_uint(from, "split_bytes"));
  if (split && *split < split_bytes_min)
    return bad("\"split_bytes\" must be at least " + std::to_string(split_bytes_min));
  options.split_bytes = split.value_or(0);
  return options;
}

void write_options(const ConvertOptions& options, json::object& into) {
  const ConvertOptions usual;
  if (!options.imatrix.empty()) into["imatrix"] = options.imatrix;
  if (options.allow_requantize) into["allow_requantize"] = true;
  if (options.via != usual.via) into["via"] = options.via;
  if (options.split_bytes != 0) into["split_bytes"] = options.split_bytes;
}

/// What wish and spec have in common.
template <class T>
Status read_common(const json::object& from, T& into) {
  WAAG_TRY(const auto source, text_field(from, "source"));
  WAAG_TRY(into.source, model_named(source.value_or(""), "source"));
  WAAG_TRY(const auto revision, text_field(from, "revision"));
  into.revision = revision.value_or("main");
  if (into.revision.empty() || into.revision.size() > revision_bytes_max)
    return bad("\"revision\" must be a branch, a tag or a commit");
  WAAG_TRY(into.options, read_options(from));
  return ok();
}

Result<ConvertSpec::Output> output_of(const json::value& from) {
  if (!from.is_object()) return bad("\"outputs\" must hold objects");
  WAAG_TRY(const auto target, text_field(from.get_object(), "target"));
  WAAG_TRY(const auto repo, text_field(from.get_object(), "repo"));
  ConvertSpec::Output output;
  WAAG_TRY(output.target, ConvertTarget::parse(target.value_or("")));
  WAAG_TRY(output.repo, model_named(repo.value_or(""), "repo"));
  return output;
}

}  // namespace

std::string ConvertTarget::text() const {
  return (kind == Kind::gguf ? "gguf:" : "safetensors:") + type;
}

Result<ConvertTarget> ConvertTarget::parse(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = text.substr(0, colon);
  const auto type = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  ConvertTarget target;
  if (kind == "gguf") {
    WAAG_TRY(target.type, known_type(gguf_types, type));
  } else if (kind == "safetensors") {
    target.kind = Kind::safetensors;
    WAAG_TRY(target.type, known_type(safetensors_types, type));
  } else {
    return bad("\"" + std::string(text) +
               "\" is no target like gguf:Q4_K_M or safetensors:fp8-dynamic");
  }
  return target;
}

Result<std::vector<ConvertTarget>> parse_targets(const std::vector<std::string>& texts) {
  std::vector<ConvertTarget> targets;
  for (const auto& text : texts) {
    WAAG_TRY(auto target, ConvertTarget::parse(text));
    if (std::ranges::find(targets, target) == targets.end()) targets.push_back(std::move(target));
  }
  if (targets.empty()) return bad("\"targets\" is missing: what is to be made?");
  if (targets.size() > targets_max) return bad("at most 32 \"targets\" at a time");
  return targets;
}

Result<ConvertWish> ConvertWish::parse(const json::object& from) {
  ConvertWish wish;
  WAAG_CHECK(read_common(from, wish));
  WAAG_TRY(const auto texts, texts_field(from, "targets"));
  WAAG_TRY(wish.targets, parse_targets(texts));
  WAAG_TRY(wish.validate, bool_field(from, "validate"));
  WAAG_TRY(const auto name, text_field(from, "name"));
  if (!name || name->empty()) return wish;
  const auto slash = name->find('/');
  const auto plain = slash == name->npos ? *name : name->substr(slash + 1);
  const auto ns = slash == name->npos ? wish.source.ns : name->substr(0, slash);
  if (!RepoId::make(RepoType::model, ns, plain))
    return bad("\"name\" must be a name, or namespace/name");
  if (slash != name->npos) wish.ns = ns;
  wish.name = plain;
  return wish;
}

Result<ConvertSpec> ConvertSpec::parse(const json::object& from) {
  ConvertSpec spec;
  WAAG_CHECK(read_common(from, spec));
  WAAG_TRY(const auto commit, text_field(from, "commit"));
  WAAG_TRY(spec.commit, CommitId::parse(commit.value_or("")));
  WAAG_TRY(const auto url, text_field(from, "source_url"));
  spec.source_url = url.value_or("");
  WAAG_TRY(const auto validate, bool_field(from, "validate"));
  spec.validate = validate.value_or(false);
  const auto* outputs = from.if_contains("outputs");
  if (outputs == nullptr || !outputs->is_array() || outputs->get_array().empty() ||
      outputs->get_array().size() > targets_max)
    return bad("\"outputs\" must be a list of targets and repos");
  for (const auto& one : outputs->get_array()) {
    WAAG_TRY(auto output, output_of(one));
    spec.outputs.push_back(std::move(output));
  }
  return spec;
}

json::object ConvertSpec::to_json() const {
  json::object made{{"source", source.full_name()}, {"revision", revision}};
  made["commit"] = commit.hex();
  made["source_url"] = source_url;
  json::array list;
  for (const auto& output : outputs)
    list.push_back(
        json::object{{"target", output.target.text()}, {"repo", output.repo.full_name()}});
  made["outputs"] = std::move(list);
  write_options(options, made);
  if (validate) made["validate"] = true;
  return made;
}

const std::string& suffix_of(const Config::Convert& config, const ConvertTarget& target) {
  if (target.kind == ConvertTarget::Kind::gguf) return config.gguf_suffix;
  if (target.type == "int8") return config.int8_suffix;
  if (target.type == "w4a16") return config.w4a16_suffix;
  return target.type == "nvfp4" ? config.nvfp4_suffix : config.fp8_suffix;
}

std::string gguf_name(std::string_view model, const ConvertTarget& target) {
  return std::string(model) + "-" + target.type + ".gguf";
}

}  // namespace waag::daemon
