#include "daemon/convert/converter_input.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "daemon/convert/model_card.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;

json::array json_of(const std::vector<std::string>& texts) {
  json::array made;
  for (const auto& text : texts) made.emplace_back(text);
  return made;
}

}  // namespace

std::string converter_input(const Conversion& conversion, const std::filesystem::path& scratch,
                            std::string_view device, unsigned threads) {
  const auto& spec = conversion.spec;
  const auto fields = card_fields(conversion.readme);
  json::object model{{"name", spec.source.name}, {"organization", spec.source.ns}};
  model["repo_url"] = spec.source_url;
  model["commit"] = spec.commit.hex();
  model["license"] = fields.license;
  model["base_model"] = json_of(fields.base_models);
  model["tags"] = json_of(fields.tags);
  model["languages"] = json_of(fields.languages);
  json::array targets;
  for (const auto& [target, repo] : spec.outputs) {
    const bool gguf = target.kind == ConvertTarget::Kind::gguf;
    json::object one{{"kind", gguf ? "gguf" : "safetensors"}, {"type", target.type}};
    if (gguf)
      one["file"] = gguf_name(spec.source.name, target);
    else
      one["folder"] = target.type;
    const auto& imatrix = spec.options.imatrix;
    if (gguf && !imatrix.empty()) one["imatrix"] = (scratch / "in" / imatrix).string();
    if (spec.options.split_bytes != 0) one["split_bytes"] = spec.options.split_bytes;
    targets.push_back(std::move(one));
  }
  json::object input{{"source", (scratch / "in").string()}, {"output", (scratch / "out").string()}};
  input["threads"] = threads;
  input["device"] = device;
  input["allow_requantize"] = spec.options.allow_requantize;
  input["via"] = spec.options.via;
  input["model"] = std::move(model);
  input["targets"] = std::move(targets);
  return json::serialize(input);
}

}  // namespace waag::daemon
