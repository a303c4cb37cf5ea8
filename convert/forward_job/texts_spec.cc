#include "convert/forward_job/texts_spec.h"

#include "convert/spec/spec_members.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

Error bad(const std::string& what) { return fail(Errc::invalid_argument, what); }

/// What both have.
Result<TextsSpec> read_texts(const json::object& from) {
  TextsSpec spec;
  WAAG_TRY(spec.model, absolute_path(from, "model"));
  if (from.contains("gguf")) {
    WAAG_TRY(spec.made.gguf, absolute_path(from, "gguf"));
  }
  if (from.contains("folder")) {
    if (!spec.made.empty()) return bad("gguf and folder are two results");
    WAAG_TRY(spec.made.folder, absolute_path(from, "folder"));
  }
  WAAG_TRY(spec.texts, token_lists(from));
  WAAG_TRY(spec.threads, threads_member(from));
  return spec;
}

Result<TextsSpec> read_logits(std::string_view text) {
  WAAG_TRY(const auto from, parse_spec(text, texts_spec_bytes_max));
  WAAG_CHECK(check_members(from, {"model", "gguf", "folder", "tokens", "of", "threads"}));
  WAAG_TRY(auto spec, read_texts(from));
  WAAG_TRY(const auto of, hub::json_string(from, "of"));
  if (of && *of != "last" && *of != "all") return bad("of is neither last nor all");
  spec.is_of_all = of && *of == "all";
  return spec;
}

Result<TextsSpec> read_comparison(std::string_view text) {
  WAAG_TRY(const auto from, parse_spec(text, texts_spec_bytes_max));
  WAAG_CHECK(check_members(from, {"model", "gguf", "folder", "tokens", "threads"}));
  WAAG_TRY(auto spec, read_texts(from));
  if (spec.made.empty()) return bad("gguf or folder is missing");
  return spec;
}

/// A wrong member is the caller's mistake, whatever the reader of JSON calls it.
Result<TextsSpec> named(Result<TextsSpec> spec, std::string_view of) {
  if (!spec) return bad(std::string(of) + spec.error().what);
  return spec;
}

}  // namespace

Result<TextsSpec> parse_logits_spec(std::string_view text) {
  return named(read_logits(text), "logits: ");
}

Result<TextsSpec> parse_comparison_spec(std::string_view text) {
  return named(read_comparison(text), "compare: ");
}

}  // namespace waag::convert
