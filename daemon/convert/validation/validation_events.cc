#include "daemon/convert/validation/validation_events.h"

#include <array>
#include <cmath>

#include "daemon/convert/converter_events.h"
#include "protocol/hub/json_reader.h"
#include "protocol/utf8.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;
using certificate::Figures;
using certificate::Limits;

constexpr std::size_t line_bytes_max = 64u << 10;
constexpr std::size_t name_bytes_max = 512;
constexpr std::size_t reasons_max = certificate::reasons_max;
constexpr std::size_t reason_bytes_max = 512;
constexpr std::uint64_t blocks_max = certificate::blocks_max;
/// Rounding may bring what is never negative just below 0.
constexpr double rounding = 1e-6;

Error bad(std::string_view key, const char* why) {
  return fail(Errc::invalid_argument, '"' + std::string(key) + "\" " + why);
}

Result<std::uint64_t> count(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto value, hub::json_uint(from, key));
  if (!value) return bad(key, "is missing");
  return *value;
}

/// nullopt: null.
Result<std::optional<double>> number(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value == nullptr) return bad(key, "is missing");
  if (value->is_null()) return std::optional<double>();
  if (!value->is_number()) return bad(key, "is no number");
  const auto number = value->is_double()  ? value->get_double()
                      : value->is_int64() ? static_cast<double>(value->get_int64())
                                          : static_cast<double>(value->get_uint64());
  if (!std::isfinite(number)) return bad(key, "is no finite number");
  return std::optional(number);
}

Result<std::optional<double>> positive(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto value, number(from, key));
  if (value && *value < -rounding) return bad(key, "is below 0");
  return value;
}

Result<BlobId> hash(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto text, hub::json_required_string(from, key));
  return BlobId::parse(text);
}

/// That a certificate can hold: not empty, not long, without control characters.
Result<std::string> name(const json::object& from, std::string_view key) {
  WAAG_TRY(auto text, hub::json_required_string(from, key));
  if (text.empty() || text.size() > name_bytes_max || !is_utf8(text) || has_control(text))
    return bad(key, "is no name");
  return text;
}

Result<ValidationEvent> text_of(const json::object& from) {
  ValidationText text;
  WAAG_TRY(text.id, name(from, "id"));
  WAAG_TRY(text.sha256, hash(from, "sha256"));
  WAAG_TRY(text.tokenizer_sha256, hash(from, "tokenizer_sha256"));
  WAAG_TRY(text.context, count(from, "context"));
  WAAG_TRY(text.tokens, count(from, "tokens"));
  WAAG_TRY(text.places, count(from, "places"));
  if (text.places == 0 || text.places > text.tokens)
    return bad("places", "must be some of the tokens");
  return ValidationEvent(std::move(text));
}

Result<std::vector<std::uint64_t>> shape_of(const json::object& from) {
  const auto* list = hub::json_array(from, "shape");
  if (list == nullptr || list->size() > certificate::rank_max) return bad("shape", "is none");
  std::vector<std::uint64_t> shape;
  for (const auto& one : *list) {
    boost::system::error_code wrong;
    if (one.is_int64() || one.is_uint64()) shape.push_back(one.to_number<std::uint64_t>(wrong));
    if (wrong || one.is_double() || !one.is_number()) return bad("shape", "is none");
  }
  return shape;
}

Result<ValidationEvent> weights_of(const json::object& from) {
  ValidationWeights weights;
  auto& tensor = weights.tensor;
  WAAG_TRY(weights.target, name(from, "target"));
  WAAG_TRY(tensor.name, name(from, "name"));
  WAAG_TRY(tensor.type, name(from, "type"));
  WAAG_TRY(tensor.shape, shape_of(from));
  WAAG_TRY(tensor.sqnr_db, number(from, "sqnr_db"));
  WAAG_TRY(const auto rmse, positive(from, "rel_rmse"));
  WAAG_TRY(const auto most, positive(from, "max_error"));
  WAAG_TRY(tensor.sha256, hash(from, "sha256"));
  tensor.rel_rmse = rmse.value_or(0);
  tensor.max_error = most.value_or(0);
  weights.is_finite = rmse && most;
  return ValidationEvent(std::move(weights));
}

Result<ValidationEvent> block_of(const json::object& from) {
  ValidationBlock block;
  WAAG_TRY(block.target, name(from, "target"));
  WAAG_TRY(block.block, count(from, "block"));
  WAAG_TRY(block.blocks, count(from, "blocks"));
  WAAG_TRY(block.error, positive(from, "error"));
  if (block.blocks > blocks_max || block.block >= block.blocks) return bad("block", "is none");
  return ValidationEvent(std::move(block));
}

struct FigureMember {
  std::string_view key;
  double Figures::* member;
  enum class Range : std::uint8_t { any, positive, share } range;
};
using Range = FigureMember::Range;
constexpr std::array<FigureMember, 14> figure_members{{
    {"perplexity_reference", &Figures::perplexity_reference, Range::positive},
    {"perplexity_other", &Figures::perplexity_other, Range::positive},
    {"ln_perplexity_ratio", &Figures::ln_perplexity_ratio, Range::any},
    {"ln_perplexity_ratio_error", &Figures::ln_perplexity_ratio_error, Range::positive},
    {"kld_mean", &Figures::kld_mean, Range::positive},
    {"kld_error", &Figures::kld_error, Range::positive},
    {"kld_median", &Figures::kld_median, Range::positive},
    {"kld_p90", &Figures::kld_p90, Range::positive},
    {"kld_p99", &Figures::kld_p99, Range::positive},
    {"kld_p999", &Figures::kld_p999, Range::positive},
    {"kld_max", &Figures::kld_max, Range::positive},
    {"same_top", &Figures::same_top, Range::share},
    {"next_mean", &Figures::next_mean, Range::any},
    {"next_rms", &Figures::next_rms, Range::positive},
}};

Result<ValidationEvent> compared_of(const json::object& from) {
  ValidationCompared compared;
  WAAG_TRY(compared.target, name(from, "target"));
  Figures figures;
  WAAG_TRY(figures.places, count(from, "places"));
  bool is_finite = true;
  for (const auto& one : figure_members) {
    WAAG_TRY(const auto value,
             one.range == Range::any ? number(from, one.key) : positive(from, one.key));
    if (one.range == Range::share && value && *value > 1) return bad(one.key, "is above 1");
    figures.*one.member = value.value_or(0);
    is_finite = is_finite && value;
  }
  if (is_finite) compared.figures = figures;
  return ValidationEvent(std::move(compared));
}

Result<double> limit(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto value, number(from, key));
  if (!value || *value < 0) return bad(key, "is no limit");
  return *value;
}

Result<Limits> limits_of(const json::object& from) {
  const auto* value = from.if_contains("limits");
  if (value == nullptr || !value->is_object()) return bad("limits", "is missing");
  const auto& object = value->get_object();
  Limits limits;
  WAAG_TRY(limits.kld_mean, limit(object, "kld_mean"));
  WAAG_TRY(limits.kld_p99, limit(object, "kld_p99"));
  WAAG_TRY(limits.same_top, limit(object, "same_top"));
  WAAG_TRY(limits.ln_perplexity_ratio, limit(object, "ln_perplexity_ratio"));
  WAAG_TRY(limits.factor, limit(object, "factor"));
  return limits;
}

Result<ValidationEvent> verdict_of(const json::object& from) {
  ValidationVerdict verdict;
  WAAG_TRY(verdict.target, name(from, "target"));
  WAAG_TRY(const auto text, hub::json_required_string(from, "verdict"));
  WAAG_TRY(verdict.verdict, certificate::parse_verdict(text));
  WAAG_TRY(verdict.limits, limits_of(from));
  const auto* reasons = hub::json_array(from, "reasons");
  if (reasons == nullptr || reasons->size() > reasons_max) return bad("reasons", "is no list");
  for (const auto& one : *reasons) {
    if (!one.is_string()) return bad("reasons", "must hold texts");
    verdict.reasons.push_back(readable(std::string(one.get_string()), reason_bytes_max));
  }
  if ((verdict.verdict == certificate::Verdict::pass) != verdict.reasons.empty())
    return bad("reasons", "do not fit the verdict");
  return ValidationEvent(std::move(verdict));
}

Result<ValidationEvent> event_of(std::string_view line) {
  WAAG_TRY(const auto from, hub::parse_json_object(line, line_bytes_max));
  WAAG_TRY(const auto event, hub::json_required_string(from, "event"));
  if (event == "text") return text_of(from);
  if (event == "weights") return weights_of(from);
  if (event == "block") return block_of(from);
  if (event == "compared") return compared_of(from);
  if (event == "verdict") return verdict_of(from);
  if (event == "done") return ValidationEvent(ValidationDone{});
  if (event != "error") return fail(Errc::invalid_argument, "no such event");
  WAAG_TRY(auto message, hub::json_required_string(from, "message"));
  return ValidationEvent(ValidationError{readable(std::move(message))});
}

}  // namespace

Result<ValidationEvent> parse_validation_event(std::string_view line) {
  auto event = event_of(line);
  if (event) return event;
  return fail(Errc::unprocessable, "the validation said what it must not: " + event.error().what);
}

}  // namespace waag::daemon
