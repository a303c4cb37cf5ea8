#include "convert/validation_job/validation_events.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "convert/forward_job/events.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

std::string line_of(const json::object& event) { return json::serialize(event) + "\n"; }

json::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::value(text);
}

}  // namespace

std::string text_event(const Evaluation& of, std::uint64_t places) {
  return line_of({{"event", "text"},
                  {"id", of.id},
                  {"sha256", text_or_null(of.sha256)},
                  {"tokenizer_sha256", text_or_null(of.tokenizer_sha256)},
                  {"context", of.context},
                  {"tokens", of.tokens()},
                  {"places", places}});
}

std::string weights_event(std::string_view target, const WeightErrors& of) {
  json::value sqnr_db;
  if (of.sqnr_db) sqnr_db = number_or_null(*of.sqnr_db);
  return line_of({{"event", "weights"},
                  {"target", target},
                  {"name", of.name},
                  {"type", of.type},
                  {"shape", json::array(of.shape.begin(), of.shape.end())},
                  {"sqnr_db", std::move(sqnr_db)},
                  {"rel_rmse", number_or_null(of.relative_rmse)},
                  {"max_error", number_or_null(of.largest_error)},
                  {"sha256", of.sha256}});
}

std::string block_event(std::string_view target, const BlockError& of) {
  return line_of({{"event", "block"},
                  {"target", target},
                  {"block", of.block},
                  {"blocks", of.blocks},
                  {"error", number_or_null(of.error)}});
}

std::string compared_event(std::string_view target, const DivergenceSummary& of) {
  json::object event{{"event", "compared"}, {"target", target}};
  for (const auto& [key, value] : members_of(of)) event[key] = value;
  return line_of(event);
}

std::string verdict_event(std::string_view target, const Judgement& of) {
  json::array reasons;
  for (const auto& reason : of.reasons) reasons.emplace_back(reason);
  return line_of({{"event", "verdict"},
                  {"target", target},
                  {"verdict", name_of(of.verdict)},
                  {"limits",
                   {{"kld_mean", of.limits.kld_mean},
                    {"kld_p99", of.limits.kld_p99},
                    {"same_top", of.limits.same_top},
                    {"ln_perplexity_ratio", of.limits.ln_perplexity_ratio},
                    {"factor", of.factor}}},
                  {"reasons", std::move(reasons)}});
}

}  // namespace waag::convert
