#include "convert/validation_job/validation_spec.h"

#include <set>

#include "convert/spec/spec_members.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr std::size_t results_max = 64;
constexpr double limits_factor_min = 0.01, limits_factor_max = 100;

Error bad(const std::string& what) { return fail(Errc::invalid_argument, what); }

Result<ResultSpec> read_result(const json::object& from) {
  ResultSpec result;
  WAAG_CHECK(check_members(from, {"target", "gguf", "folder"}));
  WAAG_TRY(result.target, hub::json_required_string(from, "target"));
  WAAG_TRY(result.limits, find_limits(result.target));
  const bool is_gguf = result.target.starts_with("gguf:");
  const auto* const key = is_gguf ? "gguf" : "folder";
  if (from.contains(is_gguf ? "folder" : "gguf"))
    return bad(result.target + " is a " + (is_gguf ? "file: gguf" : "folder: folder"));
  auto& path = is_gguf ? result.made.gguf : result.made.folder;
  WAAG_TRY(path, absolute_path(from, key));
  return result;
}

Result<std::vector<ResultSpec>> read_results(const json::object& spec) {
  std::vector<ResultSpec> results;
  std::set<std::string_view> targets;
  const auto* list = hub::json_array(spec, "results");
  if (list == nullptr || list->empty()) return bad("results is missing");
  if (list->size() > results_max) return bad("more than 64 results");
  for (const auto& item : *list) {
    if (!item.is_object()) return bad("a result is no object");
    WAAG_TRY(auto result, read_result(item.get_object()));
    if (!targets.insert(result.limits->target).second)
      return bad("two results are " + result.target);
    results.push_back(std::move(result));
  }
  return results;
}

Result<double> read_factor(const json::object& spec) {
  const auto* member = spec.if_contains("limits_factor");
  if (member == nullptr || member->is_null()) return 1.0;
  boost::system::error_code ec;
  const auto factor = member->to_number<double>(ec);
  if (ec || !(factor >= limits_factor_min && factor <= limits_factor_max))
    return bad("limits_factor is no number of 0.01 to 100");
  return factor;
}

/// Which tokens models are run over.
Status read_text(const json::object& from, ValidationSpec& spec) {
  WAAG_TRY(const auto chunks, hub::json_uint(from, "chunks"));
  WAAG_TRY(const auto context, hub::json_uint(from, "context"));
  if (from.contains("tokens")) {
    if (from.contains("text")) return bad("text and tokens are two texts");
    if (chunks || context) return bad("tokens are in chunks as they are");
    WAAG_TRY(spec.tokens, token_lists(from));
    std::uint64_t all = 0;
    for (const auto& chunk : spec.tokens) all += chunk.size();
    if (all > validation_tokens_max) return bad("more than 1048576 tokens");
    return ok();
  }
  if (from.contains("text")) {
    WAAG_TRY(spec.text, absolute_path(from, "text"));
  }
  spec.chunks = chunks.value_or(spec.chunks);
  spec.context = context.value_or(spec.context);
  if (spec.chunks == 0) return bad("chunks is 0");
  if (spec.context < validation_context_min) return bad("context is below 4");
  if (spec.context > validation_tokens_max || spec.chunks > validation_tokens_max / spec.context)
    return bad("chunks of that context are more than 1048576 tokens");
  return ok();
}

Result<ValidationSpec> read_spec(std::string_view text) {
  ValidationSpec spec;
  WAAG_TRY(const auto from, parse_spec(text, validation_spec_bytes_max));
  WAAG_CHECK(check_members(from, {"model", "text", "tokens", "chunks", "context", "threads",
                                  "limits_factor", "results"}));
  WAAG_TRY(spec.model, absolute_path(from, "model"));
  WAAG_CHECK(read_text(from, spec));
  WAAG_TRY(spec.threads, threads_member(from));
  WAAG_TRY(spec.limits_factor, read_factor(from));
  WAAG_TRY(spec.results, read_results(from));
  return spec;
}

}  // namespace

Result<ValidationSpec> parse_validation_spec(std::string_view text) {
  auto spec = read_spec(text);
  // A wrong member is the caller's mistake, whatever the reader of JSON calls it.
  if (!spec) return bad("validate: " + spec.error().what);
  return spec;
}

}  // namespace waag::convert
